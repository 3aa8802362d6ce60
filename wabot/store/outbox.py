"""Collection `outbox`: what is still to be handed to an engine, small and quick beside the long log."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from . import ids
from .inserting import insert_new
from .records import OutboxEntry, record_of

_CANDIDATES = 25
_DUE_AT_ONCE = 200


class Outbox:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._outbox = db["outbox"]

    def add(self, entry: OutboxEntry) -> None:
        self.add_many([entry])

    def add_many(self, entries: list[OutboxEntry]) -> None:
        """Harmless for those that are there already."""
        if entries:
            insert_new(self._outbox, [_document(one) for one in entries])

    def sessions_waiting(self) -> list[str]:
        """Ids of the sessions that have something queued."""
        return [str(one) for one in self._outbox.distinct("session_id", {"status": "queued"})]

    def oldest_queued(self, session_id: str) -> list[OutboxEntry]:
        """Up to 25, in the order of acceptance (ids of one web process rise)."""
        documents = self._outbox.find({"status": "queued", "session_id": session_id}).sort("_id", 1).limit(_CANDIDATES)
        return [record_of(OutboxEntry, one) for one in documents]

    def claim(self, entry_ids: list[str], owner: str, lease_until: datetime) -> list[str]:
        """Those that are `owner`'s from now on, in the given order; each entry is given to exactly one caller."""
        wanted = {"$in": [ids.parse(one) for one in entry_ids]}
        claim = {"$set": {"status": "claimed", "owner": owner, "lease_until": lease_until}, "$inc": {"attempts": 1}}
        changed = self._outbox.update_many({"_id": wanted, "status": "queued"}, claim).modified_count
        if changed == len(entry_ids):
            return entry_ids
        mine = {str(one["_id"]) for one in self._outbox.find({"_id": wanted}) if one["owner"] == owner}
        return [one for one in entry_ids if one in mine]

    def claimed(self, limit: int = 500) -> list[OutboxEntry]:
        return [record_of(OutboxEntry, one) for one in self._outbox.find({"status": "claimed"}).limit(limit)]

    def requeue(self, entry_ids: list[str], owner: str, not_before: datetime | None = None) -> None:
        """Back to the queue, those that are still this owner's."""
        if entry_ids:
            queued = {"$set": {"status": "queued", "owner": None, "lease_until": None, "not_before": not_before}}
            guard = {"_id": {"$in": [ids.parse(one) for one in entry_ids]}, "status": "claimed", "owner": owner}
            self._outbox.update_many(guard, queued)

    def take_over(self, entry_id: str, dead_owner: str | None, owner: str, lease_until: datetime) -> bool:
        """A claim whose lease ran out becomes `owner`'s. True for exactly one caller."""
        guard = {"_id": ids.parse(entry_id), "status": "claimed", "owner": dead_owner}
        taken = {"$set": {"owner": owner, "lease_until": lease_until}}
        return self._outbox.update_one(guard, taken).modified_count == 1

    def remove(self, entry_ids: list[str]) -> None:
        if entry_ids:
            self._outbox.delete_many({"_id": {"$in": [ids.parse(one) for one in entry_ids]}})

    def remove_unclaimed(self, entry_id: str) -> bool:
        """For cancelling: only while nobody has claimed it."""
        guard = {"_id": ids.parse(entry_id), "status": {"$in": ["queued", "scheduled"]}}
        return self._outbox.delete_one(guard).deleted_count == 1

    def due(self, at: datetime) -> list[OutboxEntry]:
        """Scheduled entries whose time has come, some at a time."""
        found = self._outbox.find({"status": "scheduled", "not_before": {"$lte": at}}).limit(_DUE_AT_ONCE)
        return [record_of(OutboxEntry, one) for one in found]

    def promote(self, entry_id: str) -> None:
        """From `scheduled` to `queued`."""
        self._outbox.update_one({"_id": ids.parse(entry_id), "status": "scheduled"}, {"$set": {"status": "queued"}})

    def ahead_of(self, session_id: str, entry_id: str) -> int:
        """How many of this session's messages go before that one, counted up to 1000."""
        before = {"status": "queued", "session_id": session_id, "_id": {"$lt": ids.parse(entry_id)}}
        return len(list(self._outbox.find(before, {"_id": 1}).limit(1000)))

    def waiting_of(self, user_id: str, at_most: int) -> int:
        """How many of this user's messages wait, counted up to `at_most`."""
        return len(list(self._outbox.find({"user_id": user_id}, {"_id": 1}).limit(at_most)))


def _document(entry: OutboxEntry) -> dict[str, Any]:
    return {"_id": ids.parse(entry.id), **{name: value for name, value in vars(entry).items() if name != "id"}}
