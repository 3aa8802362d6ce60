"""The owner of the machine: sees which session is which profile and which processes, and what a disconnect leaves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from . import limits
from .api import Api
from .family import Family
from .stack import Stack
from .waiting import poll, wait_until


class Owner:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.family = Family(stack)
        self._admin = limits.lift(stack)

    def session(self, user: Api, name: str = "default") -> dict[str, Any]:
        """As administrators see it: with `id`, `last_error`, `restarts`."""
        items = self._admin.get("/api/admin/sessions").json()["items"]
        return next(one for one in items if one["user"]["email"] == user.email and one["session"] == name)

    def id_of(self, user: Api, name: str = "default") -> str:
        return str(self.session(user, name)["id"])

    def profile(self, session_id: str) -> Path:
        return self.stack.data / "gateway" / "profiles" / "sandbox" / session_id

    def browser(self, session_id: str) -> int:
        """The one Chromium of a session that runs."""
        pids = self.family.browsers(session_id)
        assert len(pids) == 1, pids
        return pids[0]

    def nothing_left(self, session_id: str) -> None:
        """Now, without waiting: no browser and no profile."""
        assert not self.family.browsers(session_id)
        assert not self.profile(session_id).exists()

    def no_orphans(self) -> None:
        wait_until(lambda: not self.family.orphans(), 3, f"no process slipped away: {self.family.orphans()}")


@contextmanager
def faults(stack: Stack, **values: Any) -> Iterator[float]:
    """Switched on, and off again at the end; gives the moment."""
    stack.sandbox("PUT", "/faults", **values)
    try:
        yield time.monotonic()
    finally:
        no_faults(stack)


def no_faults(stack: Stack) -> None:
    stack.sandbox("PUT", "/faults", drop_socket=False)


def holds(predicate: Any, seconds: float, what: str) -> None:
    """True at every look for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert predicate(), f"not so any more: {what}"
        poll()
