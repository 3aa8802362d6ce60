"""Collection `applied_events`: ids of gateway events already applied, so that a repeated one changes nothing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from .inserting import insert_new


class AppliedEvents:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._events = db["applied_events"]

    def already(self, event_ids: list[str]) -> set[str]:
        return {str(one["_id"]) for one in self._events.find({"_id": {"$in": event_ids}}, {"_id": 1})}

    def remember(self, event_ids: list[str], at: datetime) -> None:
        """Harmless for those remembered already."""
        insert_new(self._events, [{"_id": event_id, "at": at} for event_id in event_ids])
