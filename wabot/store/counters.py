"""Collection `counters`: one document a user and day, one number a kind of happening."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database


class Counters:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._counters = db["counters"]

    def add(self, owner: str, day: str, what: str, by: int = 1) -> None:
        """`owner` is a user's id, or `all`; `day` as `20260131`."""
        self._counters.update_one({"_id": f"{owner}:{day}"}, {"$inc": {what: by}}, upsert=True)

    def of_day(self, owner: str, day: str) -> dict[str, int]:
        """`owner` is a user's id, or `all`."""
        document = self._counters.find_one({"_id": f"{owner}:{day}"}) or {}
        return {name: value for name, value in document.items() if name != "_id"}
