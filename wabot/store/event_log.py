"""Collection `events`: what happened to the users somebody listens for, each event once; deliveries refer to it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from . import ids
from .hook_records import ToldEvent
from .inserting import insert_new
from .personal import IN_ONE_GO, remove
from .records import fields_of, record_of
from .windows import newest_first, oldest_first


class EventLog:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._events = db["events"]

    def add_many(self, events: list[ToldEvent]) -> None:
        """Harmless for those that are there already."""
        if events:
            insert_new(self._events, [_document(one) for one in events])

    def get_many(self, event_ids: list[str]) -> dict[str, ToldEvent]:
        found = self._events.find({"_id": {"$in": [ids.parse(one) for one in event_ids]}})
        return {str(one["_id"]): record_of(ToldEvent, one) for one in found}

    def after(self, user_id: str, told: str, until: datetime, limit: int, *, since: datetime | None = None) -> list[ToldEvent]:
        """The user's events told after that point and before `until`, in this order; there are few till `since`."""
        found = oldest_first(
            self._events, {"user_id": user_id}, since=since or ids.born(told), until=until, limit=limit, after=told, by="told"
        )
        return [record_of(ToldEvent, one) for one in found if one["told"] < ids.derived(until, 0)]

    def between(self, user_id: str, since: datetime, until: datetime, limit: int, after: str = "") -> list[ToldEvent]:
        """The user's oldest events that became known then, beyond the event `after`."""
        found = oldest_first(self._events, {"user_id": user_id}, since=since, until=until, limit=limit, after=after)
        return [record_of(ToldEvent, one) for one in found]

    def remove_before(self, user_id: str, moment: datetime) -> int:
        """A user's events that happened before, `IN_ONE_GO` of them; how many."""
        found, _ = newest_first(self._events, {"user_id": user_id}, limit=IN_ONE_GO, before=str(ids.earliest_at(moment)))
        return remove(self._events, found)

    def erase(self, user_id: str, limit: int) -> int:
        """Some of a user's events; how many."""
        found, _ = newest_first(self._events, {"user_id": user_id}, limit=limit)
        return remove(self._events, found)


def _document(event: ToldEvent) -> dict[str, Any]:
    return {"_id": ids.parse(event.id), **fields_of(event)}
