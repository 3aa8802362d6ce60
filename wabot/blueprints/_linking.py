"""What the page of a session says beyond its status: whether its code is dead, why it takes long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from ..services.session_machine import STALE_AFTER
from ..store.records import Session

NEXT_CODE_WITHIN = timedelta(seconds=5)
"""The next code comes at most a second or two after the one before ran out; later than this none is coming."""
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
        ran_out=ran_out(session, moment),
        slow=starting and session.since is not None and moment - session.since > SLOW_AFTER,
        unheard=starting and _silent(session, moment),
        method=session.method,
        phone=session.pairing_phone,
    )


def ran_out(session: Session, moment: datetime) -> bool:
    """It waits for somebody to link it, with a code that is of no use any more."""
    if session.status not in ("qr", "pairing") or session.qr or session.pairing_code:
        return False
    expired = session.qr_expires_at is not None and moment - session.qr_expires_at > NEXT_CODE_WITHIN
    return expired or _silent(session, moment)


def _silent(session: Session, moment: datetime) -> bool:
    return session.observed_at is None or moment - session.observed_at > STALE_AFTER
