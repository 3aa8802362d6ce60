"""Collection `workers`: when each worker last went round its loop."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database


class Workers:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._workers = db["workers"]

    def seen(self, name: str, at: datetime) -> None:
        self._workers.update_one({"_id": name}, {"$set": {"seen_at": at}}, upsert=True)

    def any_seen(self, after: datetime, before: datetime) -> bool:
        return self._workers.find_one({"seen_at": {"$gt": after, "$lt": before}}) is not None

    def gone(self, name: str) -> None:
        self._workers.delete_one({"_id": name})
