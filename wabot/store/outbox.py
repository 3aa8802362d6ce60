"""The outbox: those of the collection `messages` that are still to be sent, each with its place in its session's queue.

A message has its place from the write that stores it, and every write that ends its way takes the place with it: no message can
be without one, and none is left behind. `queue` is the session's id as long as the message may go out or its outcome is open,
`due` the time one that was scheduled joins the queue. Both lie in partial indexes, which hold the few that wait, not the long log.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from pymongo.database import Database

from ..lib.clock import to_rfc3339
from . import ids
from .finding import found_one_by_one
from .personal import erase_some
from .records import Message, message_of
from .windows import newest_first

QUEUE_READ = 1000
"""Ids a lane reads at once. The embedded database reads the whole queue for it, so it isn't done for each batch."""
_SOME = 200
HELD = ("queued", "sending", "unknown")
"""States of a message with a place in the queue."""
_WAITING = ("scheduled", *HELD)
_GONE: dict[str, str | None] = {"queue": None, "due": None}
_ANY = {"$gt": ""}


def place_of(message: Message) -> dict[str, str | None]:
    """The place of a new message, by its state."""
    if message.status == "scheduled" and message.send_at:
        return {"due": to_rfc3339(message.send_at)}
    return {"queue": message.session_id} if message.status in HELD else {}


def place_after(status: str, session_id: str) -> dict[str, str | None]:
    """What a change to that state writes of the place."""
    if status == "queued":
        return {"queue": session_id}
    return {} if status in HELD else _GONE


class Outbox:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._messages = db["messages"]

    def queue(self, session_id: str) -> list[str]:
        """Ids of this session's oldest, in the order of acceptance: all it reads lies in the session's own bounds."""
        found = self._messages.find({"queue": session_id}, {"_id": 1}).sort("_id", 1).limit(QUEUE_READ)
        return [str(one["_id"]) for one in found]

    def occupied(self, session_ids: list[str]) -> set[str]:
        """Those of these sessions in whose queues something stands."""
        return {str(one["queue"]) for one in found_one_by_one(self._messages, {}, "queue", session_ids, only=["queue"])}

    def everything_queued(self) -> Iterator[Message]:
        """In all sessions' queues: for a start on a backup, when nobody else reads or writes."""
        found = [one["_id"] for one in self._messages.find({"queue": _ANY}, {"_id": 1})]
        for start in range(0, len(found), _SOME):
            yield from map(message_of, self._messages.find({"_id": {"$in": found[start : start + _SOME]}}))

    def queued_before(self, session_id: str, moment: datetime) -> list[Message]:
        """Some of those accepted before then."""
        bounds = {"queue": session_id, "_id": {"$lt": ids.earliest_at(moment)}}
        return [message_of(one) for one in self._messages.find(bounds).limit(_SOME)]

    def due(self, at: datetime) -> list[Message]:
        """Scheduled messages whose time has come and whose lanes may not know it yet, some at a time."""
        found = self._messages.find({"due": {**_ANY, "$lte": to_rfc3339(at)}}).limit(_SOME)
        return [message_of(one) for one in found]

    def joined(self, message_ids: list[str]) -> None:
        """These stand in their queues, and their lanes know it."""
        self._messages.update_many({"_id": {"$in": [ids.parse(one) for one in message_ids]}}, {"$set": {"due": None}})

    def ahead_of(self, session_id: str, message_id: str, states: Sequence[str] = HELD) -> int:
        """How many of this session's messages in those states stand before that one, counted up to 1000, nearest first."""
        found = newest_first(
            self._messages,
            {"queue": session_id},
            limit=QUEUE_READ,
            before=message_id,
            wanted=lambda one: one["status"] in states,
        )
        return len(found[0])

    def waiting_of(self, user_id: str, at_most: int, statuses: Sequence[str] = _WAITING) -> int:
        """How many of this user's messages wait, counted up to `at_most`."""
        count = 0
        for status in statuses:
            equal = {"user_id": user_id, "direction": "out", "status": status}
            if left := at_most - count:
                count += len(list(self._messages.find(equal, {"_id": 1}).limit(left)))
        return count

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's messages that wait; how many."""
        erased = 0
        for status in _WAITING:
            equal = {"user_id": user_id, "direction": "out", "status": status}
            if erased < limit:
                erased += erase_some(self._messages, equal, limit - erased)
        return erased
