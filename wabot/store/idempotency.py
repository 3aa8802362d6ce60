"""Collection `idempotency_keys`: which message a user's key stands for, for 24 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from ..lib.together import Together
from .ids import new_id
from .inserting import insert_new
from .personal import IN_ONE_GO, erase_some, ids_of, remove


@dataclass(frozen=True)
class Remembered:
    message_id: str
    fingerprint: str


class IdempotencyKeys:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._keys = db["idempotency_keys"]
        self._remember = Together(self._remember_all)

    def remember(self, user_id: str, key: str, remembered: Remembered, expires_at: datetime) -> Remembered:
        """The first to come is kept and given back to everyone after."""
        return self._remember({"_id": f"{user_id}:{key}", **vars(remembered), "expires_at": expires_at})

    def one_of(self, user_id: str, what: str, who: str, places: int, *, expires_at: datetime) -> bool:
        """Whether `who` gets (or has) one of so many `places`; each is free again at `expires_at`."""
        holders = (self.remember(user_id, f"{what}:{place}", Remembered(who, what), expires_at) for place in range(places))
        return any(holder.message_id == who for holder in holders)

    def first_use(self, user_id: str, form: str, token: str, expires_at: datetime) -> bool:
        """Whether a form's `token` comes for the first time; `form` says which form it is of."""
        mine = Remembered(new_id(), form)
        return self.remember(user_id, f"{form}:{token[:64]}", mine, expires_at) == mine

    def get(self, user_id: str, key: str) -> Remembered | None:
        found = self._keys.find_one({"_id": f"{user_id}:{key}"})
        return _remembered(found) if found else None

    def remove_expired(self, moment: datetime) -> int:
        """Keys whose time is over, `IN_ONE_GO` of them; how many.

        Not left to the database: the embedded one looks through a whole collection for what has expired, once a minute, and with
        90,000 documents answers nobody for a second.
        """
        expired = {"expires_at": {"$lt": moment}}
        found = list(self._keys.find(expired, {"_id": 1}).limit(IN_ONE_GO))
        return remove(self._keys, found, expired)  # another worker may have removed one, which was used anew since

    def _remember_all(self, documents: list[dict[str, Any]]) -> list[Remembered]:
        taken = insert_new(self._keys, documents)
        ids = list({documents[index]["_id"] for index in taken})
        kept = {one["_id"]: one for one in self._keys.find({"_id": {"$in": ids}})} if ids else {}
        return [_remembered(kept.get(one["_id"], one) if index in taken else one) for index, one in enumerate(documents)]

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's; how many."""
        return erase_some(self._keys, ids_of(user_id), limit)


def _remembered(document: dict[str, Any]) -> Remembered:
    return Remembered(document["message_id"], document["fingerprint"])
