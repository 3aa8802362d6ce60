"""Collection `audit`: who did what, on whom, when, from where. Entries are added, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database

from . import ids
from .inserting import insert_new
from .records import AuditEntry, Page, record_of
from .windows import newest_first

_ALL = {"none": None}
"""A field that no entry has, so that an index leads to all of them by their ids: the embedded database has none for a range of ids alone."""


@dataclass(frozen=True)
class AuditFilter:
    """None asks for nothing. `actor` and `target` are ids."""

    target: str | None = None
    actor: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Audit:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._audit = db["audit"]

    def add(self, fields: dict[str, Any]) -> None:
        """`fields` as in `AuditEntry`; with an id that is there already nothing happens."""
        entry_id = fields.get("id") or ids.new_id()
        others = {name: value for name, value in fields.items() if name != "id"}
        insert_new(self._audit, [{"_id": ids.parse(entry_id), **others}])

    def page(self, asked: AuditFilter, *, limit: int, cursor: str | None = None) -> Page:
        equal = {name: value for name, value in _equals(asked).items() if value is not None}
        indexed = dict(list(equal.items())[:1]) or _ALL  # each has its index; what is asked besides is looked at here

        def wanted(document: dict[str, Any]) -> bool:
            return _is_within(document["at"], asked) and all(document[name] == value for name, value in equal.items())

        documents, following = newest_first(
            self._audit, indexed, limit=limit, before=_before(asked, cursor), since=asked.since, wanted=wanted
        )
        return Page([record_of(AuditEntry, one) for one in documents], following)

    def of_action(self, target: str, action: str, since: datetime, limit: int = 20) -> list[AuditEntry]:
        """The newest on this target; few, or the index would have to be asked for less."""
        asked = {"target": target, "action": action, "_id": {"$gte": ids.earliest_at(since)}}
        return [record_of(AuditEntry, one) for one in self._audit.find(asked).sort("_id", -1).limit(limit)]


def _equals(asked: AuditFilter) -> dict[str, str | None]:
    """The most telling first."""
    return {"target": asked.target, "actor_id": asked.actor, "action": asked.action}


def _before(asked: AuditFilter, cursor: str | None) -> str | None:
    until = str(ids.beyond(asked.until)) if asked.until else None
    return min(filter(None, (cursor, until)), default=None)


def _is_within(at: datetime, asked: AuditFilter) -> bool:
    """Ids tell it to the second only."""
    return (asked.since is None or at >= asked.since) and (asked.until is None or at < asked.until)
