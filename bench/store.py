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
        db["outbox"].delete_many({"user_id": user_id})


def copy_webhook(stack: Stack, endpoint_id: str, copies: int) -> list[str]:
    """Endpoints like that one, beyond what a user may have; their ids."""
    with database(stack) as db:
        original = db["webhooks"].find_one({"_id": ObjectId(endpoint_id)}) or {}
        made = [{**original, "_id": ObjectId(), "due": "", "owner": None, "lease_until": None} for _ in range(copies)]
        return [str(one) for one in db["webhooks"].insert_many(made).inserted_ids]
