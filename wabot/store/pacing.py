"""Collections `pacing` (when each session may send next) and `pacing_contacts` (whom it has written to)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from .personal import ids_of
from .records import PacingRecord, fields_of, record_of


class PacingRecords:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._pacing = db["pacing"]
        self._contacts = db["pacing_contacts"]

    def get(self, session_id: str) -> PacingRecord | None:
        document = self._pacing.find_one({"_id": session_id})
        return record_of(PacingRecord, document) if document else None

    def put(self, record: PacingRecord) -> None:
        self._pacing.update_one({"_id": record.id}, {"$set": fields_of(record)}, upsert=True)

    def is_new_contact(self, session_id: str, to: str, at: datetime) -> bool:
        """True the first time; noted at once."""
        try:
            self._contacts.insert_one({"_id": f"{session_id}:{to}", "at": at})
        except DuplicateKeyError:
            return False
        return True

    def forget(self, session_id: str) -> None:
        """With the session's end."""
        self._contacts.delete_many(ids_of(session_id))
        self._pacing.delete_one({"_id": session_id})
