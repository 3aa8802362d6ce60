"""The benchmarked wabot's store, asked and filled directly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bson import ObjectId
from pymongo import MongoClient
from pymongo.database import Database

from tests.support.stack import Stack
from wabot.config import load

_AT_ONCE = 200
WRITES = ("insert", "update", "delete")


@contextmanager
def database(stack: Stack) -> Iterator[Database[dict[str, Any]]]:
    with MongoClient[dict[str, Any]](load(stack.env).database_uri, tz_aware=True) as client:
        yield client.get_default_database()


def commands(stack: Stack) -> dict[str, int]:
    """How many commands of each kind it was given since it started (serverStatus.opcounters); a batch counts as one."""
    with database(stack) as db:
        counted: dict[str, int] = db.client.admin.command("serverStatus")["opcounters"]
    return counted


def forget_queue(stack: Stack, user_id: str) -> None:
    """What a benchmark of accepting leaves behind is never sent."""
    with database(stack) as db:
        waiting = [
            one["_id"] for one in db["messages"].find({"user_id": user_id, "direction": "out", "status": "queued"}, {"_id": 1})
        ]
        for start in range(0, len(waiting), _AT_ONCE):
            some = {"_id": {"$in": waiting[start : start + _AT_ONCE]}}
            db["messages"].update_many(some, {"$set": {"status": "cancelled", "queue": None}})


def copy_webhook(stack: Stack, endpoint_id: str, copies: int) -> list[str]:
    """Endpoints like that one, beyond what a user may have; their ids."""
    with database(stack) as db:
        original = db["webhooks"].find_one({"_id": ObjectId(endpoint_id)}) or {}
        made = [{**original, "_id": ObjectId(), "due": "", "owner": None, "lease_until": None} for _ in range(copies)]
        return [str(one) for one in db["webhooks"].insert_many(made).inserted_ids]
