"""Every index, in one table: one per shape of query, equality fields first, the range last.

Each is written anew with every change of a document, whether or not its fields changed: on the embedded database that costs
0.3 ms a message and index, so what is asked seldom is looked for within the bounds of another (store/windows.py).
"""

from __future__ import annotations

from typing import Any

from pymongo import ASCENDING, IndexModel
from pymongo.database import Database

from .keys import REVOKED_KEPT

_NOT_EMPTY = {"$gt": ""}
"""Partial indexes are used for look-ups of one value, or with this condition, on both databases; for `$in` on MongoDB alone."""


def _index(*names: str, **options: Any) -> IndexModel:
    return IndexModel([(name, ASCENDING) for name in names], **options)


INDEXES: dict[str, list[IndexModel]] = {
    "users": [
        _index("email", unique=True),
        _index("erasing_at"),
        _index("name_key"),
        _index("role", "_id"),
        _index("disabled", "_id"),
        _index("invited", "_id"),
    ],
    "logins": [_index("user_id", "_id"), _index("expires_at", expireAfterSeconds=0)],
    "limit_reports": [_index("expires_at", expireAfterSeconds=0)],
    "login_failures": [_index("expires_at", expireAfterSeconds=0)],
    "api_keys": [
        _index("prefix", unique=True),
        _index("user_id", "_id"),
        _index("revoked_at", expireAfterSeconds=int(REVOKED_KEPT.total_seconds())),
    ],
    "sessions": [
        _index("user_id", "name", unique=True),
        _index("desired", "observed_at"),
        _index("untold", partialFilterExpression={"untold": _NOT_EMPTY}),
    ],
    "hearers": [_index("until")],
    "events": [_index("user_id", "told"), _index("user_id", "_id")],
    "webhooks": [
        _index("user_id", "deleted", "_id"),
        _index("due", partialFilterExpression={"due": _NOT_EMPTY}),
        _index("deleted", "_id"),
    ],
    "hook_deliveries": [
        _index("endpoint_id", "_id"),
        _index("endpoint_id", "status", "_id"),
        _index("endpoint_id", "due", partialFilterExpression={"due": _NOT_EMPTY}),
    ],
    "messages": [
        _index("user_id", "direction", "_id"),
        _index("user_id", "direction", "status", "_id"),
        _index("user_id", "side", "_id"),
        _index("session_id", "wa_message_id", unique=True, partialFilterExpression={"wa_message_id": _NOT_EMPTY}),
        _index("queue", "_id", partialFilterExpression={"queue": _NOT_EMPTY}),
        _index("due", partialFilterExpression={"due": _NOT_EMPTY}),
        _index("untold", partialFilterExpression={"untold": _NOT_EMPTY}),
    ],
    "audit": [
        _index("none", "_id"),
        _index("actor_id", "_id"),
        _index("target", "_id"),
        _index("target", "action", "_id"),
        _index("action", "_id"),
    ],
    "counters": [_index("day", "accepted"), _index("owner", "_id")],
    "chats": [
        _index("user_id", "last_id"),
        _index("user_id", "session", "last_id"),
        _index("user_id", "unread"),
        _index("session_id", "phone", unique=True, partialFilterExpression={"phone": _NOT_EMPTY}),
        _index("session_id", "lid", unique=True, partialFilterExpression={"lid": _NOT_EMPTY}),
    ],
    "wanted_media": [_index("not_before"), _index("user_id", "_id")],
    "lanes": [_index("waiting", "_id")],
    "idempotency_keys": [_index("expires_at", "_id")],
    "applied_events": [_index("at", expireAfterSeconds=7 * 24 * 3600)],
    "mails": [_index("due_at"), _index("user_id", "_id")],
    "workers": [_index("seen_at", expireAfterSeconds=3600)],
    "sandbox_phones": [_index("user_id", "_id")],
}


def ensure(db: Database[dict[str, Any]]) -> int:
    for collection, models in INDEXES.items():
        db[collection].create_indexes(models)
    return sum(len(models) for models in INDEXES.values())
