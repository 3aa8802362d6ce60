"""Collection `lanes`: the queue of each session, who serves it, and until when it rests.

A lane is held by one worker, with a lease. `epoch` rises with every change of hands: it is the fencing token that goes with
each hand-over, so that a worker which slept past its lease can't hand over, put back or finish what another has taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from .records import LaneRecord, record_of

_WAITING_AT_ONCE = 5000


class Lanes:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._lanes = db["lanes"]

    def mark(self, sessions: Mapping[str, str], at: datetime) -> None:
        """These sessions (with their users) have something queued."""
        if sessions:
            self._lanes.bulk_write([_marking(session_id, user_id, at) for session_id, user_id in sessions.items()], ordered=False)

    def waiting(self) -> list[LaneRecord]:
        """Lanes that have, or had within the last seconds, something queued: a few dozen, however long their queues are."""
        return [record_of(LaneRecord, one) for one in self._lanes.find({"waiting": True}).limit(_WAITING_AT_ONCE)]

    def get(self, session_id: str) -> LaneRecord | None:
        document = self._lanes.find_one({"_id": session_id})
        return record_of(LaneRecord, document) if document else None

    def take(self, seen: LaneRecord, owner: str, lease_until: datetime) -> bool:
        """The lane becomes `owner`'s with the next epoch, if it is still as it was `seen`. True for exactly one caller."""
        taken = {"owner": owner, "lease_until": lease_until, "epoch": seen.epoch + 1}
        return self._change(seen.id, seen.owner, seen.epoch, taken)

    def renew(self, lane_id: str, owner: str, epoch: int, lease_until: datetime) -> bool:
        return self._change(lane_id, owner, epoch, {"lease_until": lease_until})

    def rest(self, lane_id: str, owner: str, epoch: int, until: datetime | None, why: str, failures: int) -> bool:
        """Nothing goes out before `until`; `failures` in a row brought it there."""
        return self._change(lane_id, owner, epoch, {"rest_until": until, "rest_why": why, "failures": failures})

    def release(self, lane_id: str, owner: str, epoch: int) -> bool:
        return self._change(lane_id, owner, epoch, {"owner": None, "lease_until": None})

    def sleep(self, lane_id: str, owner: str, epoch: int, unmarked_since: datetime) -> bool:
        """Given back, with nothing queued; False when it was marked after `unmarked_since`."""
        guard = {"_id": lane_id, "owner": owner, "epoch": epoch, "marked_at": {"$lt": unmarked_since}}
        asleep = {"waiting": False, "owner": None, "lease_until": None}
        return self._lanes.update_one(guard, {"$set": asleep}).modified_count == 1

    def calm(self, lane_id: str, unmarked_since: datetime) -> None:
        """Nothing is queued in it and nobody serves it, unless it was marked after `unmarked_since`."""
        self._lanes.update_one({"_id": lane_id, "marked_at": {"$lt": unmarked_since}}, {"$set": {"waiting": False}})

    def erase(self, session_id: str) -> None:
        self._lanes.delete_one({"_id": session_id})

    def _change(self, lane_id: str, owner: str | None, epoch: int, changes: dict[str, Any]) -> bool:
        guard = {"_id": lane_id, "owner": owner, "epoch": epoch}
        return self._lanes.update_one(guard, {"$set": changes}).matched_count == 1


def _marking(session_id: str, user_id: str, at: datetime) -> UpdateOne:
    fresh = {"user_id": user_id, "owner": None, "lease_until": None, "epoch": 0}
    return UpdateOne({"_id": session_id}, {"$set": {"waiting": True, "marked_at": at}, "$setOnInsert": fresh}, upsert=True)
