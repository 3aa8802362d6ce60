"""Collection `audit`: who did what, on whom, when, from where. Entries are added, never changed."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from . import ids
from .records import AuditEntry, Page, record_of
from .windows import newest_first


class Audit:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._audit = db["audit"]

    def add(self, fields: dict[str, Any]) -> None:
        """`fields` as in `AuditEntry`, without id."""
        self._audit.insert_one({"_id": ids.parse(ids.new_id()), **fields})

    def page(self, *, limit: int, cursor: str | None = None) -> Page:
        documents, following = newest_first(self._audit, {}, limit=limit, before=cursor)
        return Page([record_of(AuditEntry, one) for one in documents], following)
