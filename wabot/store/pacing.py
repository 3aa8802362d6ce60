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

    def is_first_to(self, session_id: str, to: str, message_id: str, at: datetime) -> bool:
        """This message is the first one to that number, however often it is tried; noted at once."""
        contact = f"{session_id}:{to}"
        try:
            self._contacts.insert_one({"_id": contact, "at": at, "message": message_id})
        except DuplicateKeyError:
            return self._contacts.find_one({"_id": contact, "message": message_id}) is not None
        return True

    def knows(self, session_id: str, to: str) -> bool:
        """Whether anything was sent to that number."""
        return self._contacts.find_one({"_id": f"{session_id}:{to}"}) is not None

    def forget(self, session_id: str) -> None:
        """With the session's end."""
        self._contacts.delete_many(ids_of(session_id))
        self._pacing.delete_one({"_id": session_id})
