"""Brings documents and collections of earlier versions up to date. It may be killed and repeated at any time."""

from __future__ import annotations

from typing import Any

from pymongo import UpdateOne
from pymongo.database import Database

from .outbox import HELD, place_of
from .records import message_of

_REPLACED = {
    "messages": ("user_id_1_direction_1_session_1__id_1", "user_id_1_direction_1_to_1__id_1", "session_id_1_peer_1__id_1"),
    "sessions": ("desired_1__id_1",),
    "idempotency_keys": ("expires_at_1",),
}
"""Indexes that others stand for now: each would be written anew with every change."""
_OLD_OUTBOX = "outbox"
_AT_ONCE = 200


def upgrade(db: Database[dict[str, Any]]) -> int:
    """How many messages were given their `side` (`Messages`), which those before it lack. Takes long on a long log."""
    for collection, names in _REPLACED.items():
        there = db[collection].index_information()
        for name in names:
            if name in there:
                db[collection].drop_index(name)
    return sum(_give_sides(db, str(user["_id"])) for user in db["users"].find({}, {"_id": 1}))


def catch_up(db: Database[dict[str, Any]]) -> None:
    """What must be there before anything is sent or told."""
    db["webhooks"].update_many({"deleted": None}, {"$set": {"deleted": False}})
    _give_places(db)


def _give_places(db: Database[dict[str, Any]]) -> None:
    """To messages that wait, whose places (`Outbox`) were in a collection of their own; it is dropped when all have one."""
    if _OLD_OUTBOX not in db.list_collection_names():
        return
    for user in db["users"].find({}, {"_id": 1}):
        for status in ("scheduled", *HELD):
            waiting = list(db["messages"].find({"user_id": str(user["_id"]), "direction": "out", "status": status}))
            for start in range(0, len(waiting), _AT_ONCE):
                db["messages"].bulk_write([_placing(one) for one in waiting[start : start + _AT_ONCE]], ordered=False)
    db.drop_collection(_OLD_OUTBOX)


def _placing(document: dict[str, Any]) -> UpdateOne:
    """For one that is still in the state it was read in."""
    return UpdateOne({"_id": document["_id"], "status": document["status"]}, {"$set": place_of(message_of(document))})


def _give_sides(db: Database[dict[str, Any]], user_id: str) -> int:
    given = 0
    while some := list(db["messages"].find({"user_id": user_id, "side": None}, {"peer": 1, "to": 1}).limit(_AT_ONCE)):
        sides = [(one["_id"], one.get("peer") or one.get("to") or "") for one in some]
        db["messages"].bulk_write(
            [UpdateOne({"_id": message}, {"$set": {"side": side}}) for message, side in sides], ordered=False
        )
        given += len(some)
    return given
