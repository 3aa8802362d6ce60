"""Which users' events are recorded: those who have webhook endpoints, or have listened lately. For others it would cost time for nothing.

When a message or session of such a user changes, the change is marked *in the write that makes it* (`untold`). The mark stays until
the events are in the log and their deliveries exist (services/telling.py). If a process dies in between, the mark is found.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from ..lib.clock import now
from ..store import Store
from ..store.ids import derived, new_id
from ..store.records import Session
from .publishing import event_of_session
from .telling import Telling

FOR = timedelta(days=7)
"""How long events are still recorded after the last endpoint was deleted, or after the user last listened."""
_LOOK_EVERY = 0.25
_BEGIN_EVERY = 3600.0
_REMEMBERED = 10_000

Mark = dict[str, Any]
"""What is written together with a change, so that its event is recorded; empty for users nobody listens for."""


class Hearing:
    """Safe for threads. It looks in the database at most four times a second for each user."""

    def __init__(self, store: Store, ring: Callable[[], object], telling: Telling) -> None:
        self._store = store
        self._ring = ring
        self._telling = telling
        self._begun: dict[str, float] = {}
        self._known: OrderedDict[str, tuple[float, bool]] = OrderedDict()
        self._lock = threading.Lock()

    def mark(self, user_id: str) -> Mark:
        """For a change of a message: a mark of its own for each write, so that it can be taken back exactly."""
        return {"untold": new_id()} if self._hears(user_id) else {}

    def mark_new(self, user_id: str) -> Mark:
        """For a message that is about to be stored."""
        return {"untold": new_id(), "heard_at": now()} if self._hears(user_id) else {}

    def session_mark(self, before: Session, after: Session) -> Mark:
        """For a change of a session, which keeps no timeline: the event itself goes along (`telling`)."""
        if not self._hears(after.user_id):
            return {}
        event, at = event_of_session(after), now()
        told = {"id": _event_id(before, after, at), "type": _told_as(before, after, event.type), "at": at, "data": event.data}
        return {"untold": new_id(), "telling": told}

    def marked(self, mark: Mark) -> None:
        """After the write: call whoever tells."""
        if mark:
            self._ring()

    def last_words(self, session: Session) -> None:
        """Before a session is deleted, which would take with it what has not been told."""
        if self._hears(session.user_id):
            self._telling.session(session.id)

    def begin(self, user_id: str) -> None:
        """Once this returns, everything is recorded. Repeating it does no harm and costs little; the first time, it waits until other
        processes have seen it."""
        if time.monotonic() - self._begun.get(user_id, -_BEGIN_EVERY) < _BEGIN_EVERY:
            return
        first = self._store.hearers.begin(user_id, now(), now() + FOR)
        if len(self._begun) > _REMEMBERED:
            self._begun.clear()
        self._begun[user_id] = time.monotonic()
        self._remember(user_id, True, time.monotonic())
        if first:
            time.sleep(_LOOK_EVERY)

    def _hears(self, user_id: str) -> bool:
        known, looked = self._known.get(user_id), time.monotonic()
        if known and looked - known[0] < _LOOK_EVERY:
            return known[1]
        hears = self._store.hearers.get(user_id) is not None
        self._remember(user_id, hears, looked)
        return hears

    def _remember(self, user_id: str, hears: bool, looked: float) -> None:
        with self._lock:
            self._known[user_id] = (looked, hears)
            self._known.move_to_end(user_id)
            if len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)


def _told_as(before: Session, after: Session, by_status: str) -> str:
    """Entering a status is that status's event, and so is a new QR code; anything else is `session.status`."""
    entered = (before.status, before.since) != (after.status, after.since)
    new_code = after.status == "qr" and before.qr != after.qr
    return by_status if entered or new_code else "session.status"


def _event_id(before: Session, after: Session, at: datetime) -> str:
    """The same for everybody who observes the same: an event and a heartbeat may both bring it, and it is told once.

    A session may come back to where it was, so what was before belongs to it. It is as old as the change, to the minute: by its id
    it is found, put in order, and cleared away.
    """
    fields = ("id", "epoch", "status", "since", "reason", "qr", "phone", "push_name", "missing")
    seen = [str(getattr(one, name)) for one in (before, after) for name in fields]
    later = (before.since or before.created_at) + timedelta(milliseconds=1)
    return derived(max(at.replace(second=0, microsecond=0), after.since or after.created_at, later), 0, *seen)
