"""Sessions that are about to be used for the first time, no more of a user than the server allows."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ..errors import Conflict
from ..lib.clock import now
from ..store import Store
from ..store.ids import new_id
from ..store.records import Session
from .preferences import Preferences


@dataclass(frozen=True)
class NewSessions:
    store: Store
    preferences: Preferences
    _adding: Lock = field(default_factory=Lock)

    def add(self, user_id: str, name: str, engine: str, network: str) -> Session:
        """Or the one of that name another request has made first. Raises Conflict `too_many_sessions`."""
        with self._adding:  # counted and added as one: requests at the same moment would all find room
            if self._others(user_id, name) >= self._most:
                raise _too_many()
            made = self.store.sessions.add(fields := _fields(user_id, name, engine, network))
            if made.id == fields["id"] and self._others(user_id, name) >= self._most:
                self.store.sessions.remove(user_id, made.id)  # other web processes made some at the same moment
                raise _too_many()
            return made

    @property
    def _most(self) -> int:
        return self.preferences.current().sessions_per_user

    def _others(self, user_id: str, name: str) -> int:
        return sum(one.name != name for one in self.store.sessions.of_user(user_id))


def _fields(user_id: str, name: str, engine: str, network: str) -> dict[str, Any]:
    moment = now()
    return {
        "id": new_id(), "user_id": user_id, "name": name, "engine": engine, "network": network, "created_at": moment,
        "status": "disconnected", "desired": "off", "epoch": 0, "linked": False, "since": moment, "observed_at": moment,
    }  # fmt: skip


def _too_many() -> Conflict:
    return Conflict("You have as many sessions as this server allows; delete one first.", code="too_many_sessions")
