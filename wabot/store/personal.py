"""What is kept of a user, collection by collection: one table for erasing and exporting it all. A test finds what isn't listed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Protocol

from pymongo.collection import Collection

if TYPE_CHECKING:
    from . import Store

Document = dict[str, Any]

PERSONAL = {
    "hearers": "hearers",
    "hook_deliveries": "hook_deliveries",
    "webhooks": "endpoints",
    "events": "event_log",
    "wanted_media": "wanted_media",
    "chats": "chats",
    "inbox_marks": "chats",
    "logins": "logins",
    "api_keys": "keys",
    "mails": "mails",
    "idempotency_keys": "idempotency",
    "sandbox_phones": "phones",
    "counters": "counters",
    "messages": "messages",
}
"""Collection → attribute of `Store` that erases a user's part of it, in this order: first what would still go out."""

WITH_THE_SESSION = ("sessions", "pacing", "pacing_contacts", "lanes", "engine_logins")
"""Ends when the user's WhatsApp sessions are deleted, after their logout."""

KEPT = {
    "audit": "what administrators did to whom, append-only; the one who is gone is named by id, with the addresses they came from",
    "administrators": "ids of those who are administrators",
    "views": "ids, for half an hour",
    "settings": "of the installation",
    "workers": "names of processes",
    "applied_events": "ids of events, for a week",
    "engine_graves": "random names, for the minutes it takes to clear records that nobody can read any more",
    "limit_reports": "who is being limited just now, for seconds",
    "login_failures": "digests, for an hour",
}
"""Collection → why nothing of a user has to be erased there."""

IN_ONE_GO = 2000
"""So many documents end together, in pieces of `_REMOVED_AT_ONCE`: finding them takes as long as removing some hundreds."""
_REMOVED_AT_ONCE = 100


class Erasing(Protocol):
    def erase(self, user_id: str, limit: int) -> int:
        """Delete up to `limit` of this user's documents; how many were deleted, 0 when nothing is left."""


def erasers(store: Store) -> Iterator[Erasing]:
    for attribute in PERSONAL.values():
        yield getattr(store, attribute)


def erase_some(collection: Collection[Document], equal: Document, limit: int) -> int:
    """For an `equal` with an index of that shape, which matches a bounded number."""
    return remove(collection, list(collection.find(equal, {"_id": 1}).limit(limit)))


def remove(collection: Collection[Document], found: list[Document], still: Document | None = None) -> int:
    """These documents, as far as they `still` are so, a few at a time: the embedded database does nothing else meanwhile, and takes
    longer for each of many. How many."""
    gone = [one["_id"] for one in found]
    pieces = [gone[start : start + _REMOVED_AT_ONCE] for start in range(0, len(gone), _REMOVED_AT_ONCE)]
    return sum(collection.delete_many({"_id": {"$in": piece}, **(still or {})}).deleted_count for piece in pieces)


def ids_of(owner: str) -> Document:
    """The range of string ids that begin with `<owner>:`."""
    return {"_id": {"$gte": f"{owner}:", "$lt": f"{owner};"}}
