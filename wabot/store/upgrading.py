"""What documents and collections of earlier versions lack or have too much; harmless to repeat, and to be killed at."""

from __future__ import annotations

from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

_REPLACED = {
    "messages": ("user_id_1_direction_1_session_1__id_1", "user_id_1_direction_1_to_1__id_1", "session_id_1_peer_1__id_1"),
}
"""Indexes that others stand for now: each would be written anew with every change."""
_AT_ONCE = 200


def upgrade(db: Database[dict[str, Any]]) -> int:
    """How many messages were given their `side` (`Messages`), which those before it lack. Takes long on a long log."""
    for collection, names in _REPLACED.items():
        there = db[collection].index_information()
        for name in names:
            if name in there:
                db[collection].drop_index(name)
    return sum(_give_sides(db, str(user["_id"])) for user in db["users"].find({}, {"_id": 1}))


def _give_sides(db: Database[dict[str, Any]], user_id: str) -> int:
    given = 0
    while some := list(db["messages"].find({"user_id": user_id, "side": None}, {"peer": 1, "to": 1}).limit(_AT_ONCE)):
        sides = [(one["_id"], one.get("peer") or one.get("to") or "") for one in some]
        db["messages"].bulk_write(
            [UpdateOne({"_id": message}, {"$set": {"side": side}}) for message, side in sides], ordered=False
        )
        given += len(some)
    return given
