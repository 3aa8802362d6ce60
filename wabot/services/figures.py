"""Figures for the dashboard and the admin's overview: read from counters, never by counting messages."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from ..lib.clock import day, now
from ..store import Store
from . import present
from .session_machine import as_of

SHOWN = ("accepted", "sent", "delivered", "read", "failed", "received")
_SESSIONS_SHOWN = 200


@dataclass(frozen=True)
class Figures:
    store: Store

    def today(self, user_id: str) -> dict[str, int]:
        """How many of this user's messages reached each state today (UTC), and how many wait now."""
        counted = self.store.counters.of_day(user_id, day(now()))
        waiting = self.store.outbox.waiting_of(user_id, 1000)
        return {**{name: counted.get(name, 0) for name in SHOWN}, "queued": waiting}

    def overview(self) -> dict[str, Any]:
        """{sessions_by_status, messages_today} over all users."""
        counted = self.store.counters.of_day("all", day(now()))
        sessions = [as_of(one, now()) for one in self.store.sessions.newest(_SESSIONS_SHOWN)]
        return {
            "sessions_by_status": dict(Counter(one.status for one in sessions)),
            "messages_today": {name: counted.get(name, 0) for name in SHOWN},
        }

    def sessions(self) -> list[dict[str, Any]]:
        """All sessions with their owner, newest first, as the admin's list shows them."""
        return [self._with_owner(one) for one in self.store.sessions.newest(_SESSIONS_SHOWN)]

    def _with_owner(self, session: Any) -> dict[str, Any]:
        owner = self.store.users.get(session.user_id)
        return {
            "id": session.id,
            "user": {"id": session.user_id, "email": owner.email if owner else "deleted"},
            **present.session(session),
            "memory_mb": session.memory_mb,
            "restarts": session.restarts,
            "last_error": session.last_error,
            "web_version": session.web_version,
            "missing": session.missing,
        }
