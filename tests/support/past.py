"""A long past: what a few messages left in the store, many times over, under ids of the days before.

What a database does with a hundred thousand documents isn't seen on a hundred.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo import MongoClient

from tests.support.stack import Stack
from wabot.config import load

DAYS = 13
"""Less than events are kept for."""
COLLECTIONS = {"messages": 1.0, "events": 1.0, "hook_deliveries": 1.0, "audit": 0.2}
"""How many, for each message."""
_OPEN = ("queue", "due", "untold")
"""Set as long as something is to be done."""
_UNIQUE = "wa_message_id"
_ELSEWHERE = {"side": "+12025590000", "message": "of before"}
"""Not in a chat with somebody who goes on writing."""
_AT_ONCE = 500

Document = dict[str, Any]


def give(stack: Stack, messages: int) -> None:
    """Copies of what is there and done, as if there had been so many messages in the last two weeks."""
    with MongoClient[Document](load(stack.env).database_uri, tz_aware=True) as client:
        db = client.get_default_database()
        for name, share in COLLECTIONS.items():
            patterns = [one for one in db[name].find() if not any(one.get(field) for field in _OPEN)]
            copies = _copies(patterns, round(messages * share))
            while some := list(islice(copies, _AT_ONCE)):
                db[name].insert_many(some)


def _copies(patterns: list[Document], number: int) -> Iterator[Document]:
    for count in range(number):
        pattern = random.choice(patterns)
        moment = datetime.now(UTC) - timedelta(days=DAYS) * (number - count) / number
        other = {_UNIQUE: f"{pattern[_UNIQUE]}{count}", **_ELSEWHERE} if pattern.get(_UNIQUE) else {}
        yield {**pattern, **other, "_id": ObjectId(int(moment.timestamp()).to_bytes(4, "big") + os.urandom(8))}
