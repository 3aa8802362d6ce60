"""Collection `applied_events`: how far the events of each life of a gateway were applied, so that repeated ones change nothing.

A gateway numbers its events and sends them in that order, so the highest number is all there is to remember.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from pymongo.database import Database


class AppliedEvents:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._events = db["applied_events"]

    def reached(self, lives: Collection[str]) -> dict[str, int]:
        """The highest number applied in each of these lives; one that is new is left out."""
        return {str(one["_id"]): int(one.get("seq", 0)) for one in self._events.find({"_id": {"$in": list(lives)}})}

    def reach(self, numbers: Mapping[str, int], at: datetime) -> None:
        """All up to these numbers are applied. Never falls back."""
        for life, number in numbers.items():
            self._events.update_one({"_id": life}, {"$max": {"seq": number}, "$set": {"at": at}}, upsert=True)
