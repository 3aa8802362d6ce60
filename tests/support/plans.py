"""What the store asks of the database, noted while tests run, and how it would be found: nothing may read a collection that grows.

The embedded database does nothing else meanwhile: with 200,000 messages for 5 to 10 seconds. On the few documents of a test that
isn't seen, so it is asked for its plans.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from types import FrameType
from typing import Any

from pymongo import MongoClient, monitoring
from pymongo.database import Database as Db

from wabot.store.indexes import ensure

from .database import Database

GROWING = {
    "applied_events", "audit", "chats", "counters", "events", "hook_deliveries", "idempotency_keys", "logins", "messages",
    "pacing_contacts",
}  # fmt: skip
"""With time, or with each contact; the others have a document for each user, key, session, webhook or process."""
WHOLE = {"copying.py", "personal.py", "pacing.py", "upgrading.py"}
"""They read, once, all there is, or what a user or session leaves behind under ids that begin with theirs."""
_STORE = "/wabot/store/"
_FILTERS = {"find": "filter", "findAndModify": "query"}
_MANY = {"update": "updates", "delete": "deletes"}

Document = Mapping[str, Any]
Asked = tuple[str, Document, list[tuple[str, int]]]
"""Collection, filter and order."""


class Plans(monitoring.CommandListener):
    """Each way to ask, once: by whom (a line of the store), and with which values the first time."""

    def __init__(self) -> None:
        self._asked: dict[str, Asked] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        for asked in _asked(event.command_name, event.command):
            where = _where(sys._getframe(1))
            if where and not where.startswith(tuple(WHOLE)):
                self._asked.setdefault(f"{where}: {asked[0]} {_shape(asked[1])}", asked)

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...

    def whole_reads(self, database: Database) -> list[str]:
        """Those for which a collection that grows would be read from one end to the other."""
        uri = database.new_uri()
        with MongoClient[dict[str, Any]](uri) as client:
            db = client.get_default_database()
            ensure(db)
            return sorted(who for who, asked in self._asked.items() if _reads_all(db, asked))


def _asked(name: str, command: Document) -> Iterator[Asked]:
    if name in _FILTERS:
        order = command.get("sort") or {}
        yield command[name], command.get(_FILTERS[name]) or {}, list(order.items())
    for one in command.get(_MANY.get(name, ""), []):
        yield command[name], one["q"], []


def _where(frame: FrameType | None) -> str:
    """The store's line that asks; empty for what a test asks by itself."""
    while frame is not None:
        file = frame.f_code.co_filename
        if _STORE in file:
            return f"{file.rpartition('/')[2]}:{frame.f_lineno}"
        if "/tests/" in file:
            return ""
        frame = frame.f_back
    return ""


def _shape(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shape(one) for name, one in value.items()}
    return type(value).__name__


def _reads_all(db: Db[dict[str, Any]], asked: Asked) -> bool:
    collection, wanted, order = asked
    if collection not in GROWING or ("_id" in wanted and _names_ids(wanted["_id"])):
        return False
    found = db[collection].find(wanted)
    return "COLLSCAN" in str((found.sort(order) if order else found).explain()["queryPlanner"]["winningPlan"])


def _names_ids(wanted: Any) -> bool:
    """Found by their ids, one by one, whatever is asked of them besides; the plan doesn't say so."""
    return not isinstance(wanted, Mapping) or "$in" in wanted


PLANS = Plans()
monitoring.register(PLANS)
