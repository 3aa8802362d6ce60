"""Collection `counters`: one document a user and day, one number a kind of happening; another one a day for all together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pymongo.database import Database

from .personal import erase_some

ALL = "all"
"""The owner of what is counted for everybody together."""
TOTAL = "total"
"""In the place of a day: since the first one."""
_RANKED_BY = "accepted"


class Counters:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._counters = db["counters"]

    def add(self, owner: str, day: str, by: dict[str, int]) -> bool:
        """`owner` is a user's id, or `ALL`; `day` as `20260131`, or `TOTAL`. True when it is the first of that owner and day."""
        update = {"$inc": by, "$setOnInsert": {"owner": owner, "day": day}}
        return self._counters.update_one({"_id": f"{owner}:{day}"}, update, upsert=True).upserted_id is not None

    def of_day(self, owner: str, day: str) -> dict[str, int]:
        """`owner` is a user's id, or `ALL`."""
        return self.of_days(owner, [day])[day]

    def of_days(self, owner: str, days: Sequence[str]) -> dict[str, dict[str, int]]:
        """By day, empty where nothing happened."""
        found = self._counters.find({"_id": {"$in": [f"{owner}:{day}" for day in days]}})
        by_id = {one["_id"]: _numbers(one) for one in found}
        return {day: by_id.get(f"{owner}:{day}", {}) for day in days}

    def of_owner(self, owner: str) -> list[dict[str, Any]]:
        """{day, and the numbers}, oldest first; one document a day."""
        found = self._counters.find({"owner": owner}).sort("_id", 1)
        return [{"day": one["_id"].partition(":")[2], **_numbers(one)} for one in found]

    def top_senders(self, day: str, accepted_by_all: int, limit: int) -> dict[str, int]:
        """The users with the most accepted messages of that day, and how many.

        Bounds that are lowered until enough are found: a sort would read everybody's counters.
        """
        least, top = accepted_by_all, dict[str, int]()
        while least >= 1 and len(top) < limit:
            found = self._counters.find({"day": day, _RANKED_BY: {"$gte": least}})
            top = {one["owner"]: one[_RANKED_BY] for one in found if one["owner"] != ALL}
            least = least // 4 if least > 1 else 0
        return dict(sorted(top.items(), key=lambda one: one[1], reverse=True)[:limit])

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's; how many."""
        return erase_some(self._counters, {"owner": user_id}, limit)


def _numbers(document: dict[str, Any]) -> dict[str, int]:
    return {name: value for name, value in document.items() if isinstance(value, int)}
