"""The logins of a user: where they are logged in, since when, and how to end that. Sockets end with the login (see `live.py`)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..errors import NotFound
from ..lib.clock import now
from ..store import Store
from ..store.records import Login

LISTED = 200


@dataclass(frozen=True)
class Logins:
    store: Store

    def of_user(self, user_id: str) -> list[Login]:
        """Browsers and API tokens, the one seen last first; the first 200."""
        found = self.store.logins.of_user(user_id, now())
        return sorted(found, key=lambda one: one.last_seen_at or one.created_at, reverse=True)[:LISTED]

    def end(self, user_id: str, login_id: str) -> None:
        """Its cookie or token is dead from now on. Raises NotFound for another user's."""
        if not self.store.logins.end_of_user(user_id, login_id):
            raise NotFound("There is no such login; it may have ended already.")

    def end_others(self, user_id: str, login_id: str) -> int:
        """All but this one; how many that were."""
        return self.store.logins.end_others(user_id, login_id)

    def standing(self, login_ids: Collection[str]) -> set[str]:
        """Those of them that are still good."""
        return self.store.logins.standing(login_ids, now())
