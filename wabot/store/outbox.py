"""Collection `outbox`: what is still to be handed to an engine, small and quick beside the long log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from . import ids
from .inserting import insert_new
from .personal import erase_some
from .records import OutboxEntry, record_of
from .windows import newest_first

QUEUE_READ = 1000
"""Ids a lane reads at once. The embedded database reads the whole queue for it, so it isn't done for each batch."""
_SOME = 200


class Outbox:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._outbox = db["outbox"]

    def add(self, entry: OutboxEntry) -> None:
        self.add_many([entry])

    def add_many(self, entries: list[OutboxEntry]) -> None:
        """Harmless for those that are there already."""
        if entries:
            insert_new(self._outbox, [_document(one) for one in entries])

    def queue(self, session_id: str) -> list[str]:
        """Ids of this session's oldest entries, in the order of acceptance: all it reads lies in the session's own bounds."""
        found = self._outbox.find({"status": "queued", "session_id": session_id}, {"_id": 1}).sort("_id", 1).limit(QUEUE_READ)
        return [str(one["_id"]) for one in found]

    def everything_queued(self) -> list[str]:
        """Ids of all sessions' entries that wait in a queue: for a start on a backup, when nobody else reads or writes."""
        return [str(one["_id"]) for one in self._outbox.find({"status": "queued"}, {"_id": 1})]

    def queued_before(self, session_id: str, moment: datetime) -> list[OutboxEntry]:
        """Some of those accepted before then."""
        bounds = {"status": "queued", "session_id": session_id, "_id": {"$lt": ids.earliest_at(moment)}}
        return [record_of(OutboxEntry, one) for one in self._outbox.find(bounds).limit(_SOME)]

    def remove(self, entry_ids: list[str]) -> None:
        if entry_ids:
            self._outbox.delete_many({"_id": {"$in": [ids.parse(one) for one in entry_ids]}})

    def due(self, at: datetime) -> list[OutboxEntry]:
        """Scheduled entries whose time has come, some at a time."""
        found = self._outbox.find({"status": "scheduled", "not_before": {"$lte": at}}).limit(_SOME)
        return [record_of(OutboxEntry, one) for one in found]

    def promote(self, entry_id: str) -> None:
        """From `scheduled` to `queued`."""
        self._outbox.update_one({"_id": ids.parse(entry_id), "status": "scheduled"}, {"$set": {"status": "queued"}})

    def ahead_of(self, session_id: str, entry_id: str) -> int:
        """How many of this session's messages go before that one, counted up to 1000, nearest first."""
        equal = {"status": "queued", "session_id": session_id}
        return len(newest_first(self._outbox, equal, limit=QUEUE_READ, before=entry_id)[0])

    def waiting_of(self, user_id: str, at_most: int) -> int:
        """How many of this user's messages wait, counted up to `at_most`."""
        return len(list(self._outbox.find({"user_id": user_id}, {"_id": 1}).limit(at_most)))

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's; how many."""
        return erase_some(self._outbox, {"user_id": user_id}, limit)


def _document(entry: OutboxEntry) -> dict[str, Any]:
    return {"_id": ids.parse(entry.id), **{name: value for name, value in vars(entry).items() if name != "id"}}
