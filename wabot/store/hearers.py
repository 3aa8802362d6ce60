"""Collection `hearers`: whose events are told at all, and since when. One look-up by id, for every change of a message."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from .hook_records import Hearer
from .records import record_of


class Hearers:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._hearers = db["hearers"]

    def get(self, user_id: str) -> Hearer | None:
        document = self._hearers.find_one({"_id": user_id})
        return record_of(Hearer, document) if document else None

    def begin(self, user_id: str, since: datetime, until: datetime) -> bool:
        """From `since` on, unless it began earlier; at least `until` then. True for the one who began."""
        begun = {"$setOnInsert": {"since": since}, "$set": {"until": until}}
        return self._hearers.update_one({"_id": user_id}, begun, upsert=True).upserted_id is not None

    def of_users(self, user_ids: list[str]) -> dict[str, Hearer]:
        found = self._hearers.find({"_id": {"$in": user_ids}})
        return {one["_id"]: record_of(Hearer, one) for one in found}

    def ended(self, before: datetime, limit: int = 100) -> list[Hearer]:
        """Some of those whose time was over then."""
        return [record_of(Hearer, one) for one in self._hearers.find({"until": {"$lt": before}}).limit(limit)]

    def end(self, hearer: Hearer) -> None:
        """Unless it was prolonged meanwhile."""
        self._hearers.delete_one({"_id": hearer.id, "until": hearer.until})

    def erase(self, user_id: str, _limit: int) -> int:
        return self._hearers.delete_one({"_id": user_id}).deleted_count
