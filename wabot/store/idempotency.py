"""Collection `idempotency_keys`: which message a user's key stands for, for 24 hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError


@dataclass(frozen=True)
class Remembered:
    message_id: str
    fingerprint: str


class IdempotencyKeys:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._keys = db["idempotency_keys"]

    def remember(self, user_id: str, key: str, remembered: Remembered, expires_at: datetime) -> Remembered:
        """The first to come is kept and given back to everyone after."""
        document = {"_id": f"{user_id}:{key}", **vars(remembered), "expires_at": expires_at}
        try:
            self._keys.insert_one(document)
        except DuplicateKeyError:
            found = self._keys.find_one({"_id": document["_id"]})
            return Remembered(found["message_id"], found["fingerprint"]) if found else remembered
        return remembered

    def one_of(self, user_id: str, what: str, who: str, places: int, *, expires_at: datetime) -> bool:
        """Whether `who` gets (or has) one of so many `places`; each is free again at `expires_at`."""
        holders = (self.remember(user_id, f"{what}:{place}", Remembered(who, what), expires_at) for place in range(places))
        return any(holder.message_id == who for holder in holders)

    def get(self, user_id: str, key: str) -> Remembered | None:
        found = self._keys.find_one({"_id": f"{user_id}:{key}"})
        return Remembered(found["message_id"], found["fingerprint"]) if found else None
