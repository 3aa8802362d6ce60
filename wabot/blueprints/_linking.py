"""What the page of a session says beyond its status: whether its code is dead, why it takes long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..services.session_machine import code_ran_out, is_silent
from ..store.records import Session

SLOW_AFTER = timedelta(seconds=10)
"""Chromium and the page are there within a few seconds on an idle machine: longer wants a word."""


@dataclass(frozen=True)
class Linking:
    """`ran_out`: no code is shown and none is coming. `slow`: starting for long. `unheard`: the gateway says nothing of it."""

    known: bool
    ran_out: bool
    slow: bool
    unheard: bool
    method: str
    phone: str | None


def of(session: Session, moment: datetime) -> Linking:
    """`session` as `services().sessions.status` gives it."""
    starting = session.status == "starting"
    return Linking(
        known=bool(session.id),
        ran_out=code_ran_out(session, moment),
        slow=starting and session.since is not None and moment - session.since > SLOW_AFTER,
        unheard=starting and is_silent(session, moment),
        method=session.method,
        phone=session.pairing_phone,
    )
