"""Collection `administrators`: one small document, the register of those who are administrators for sure.

It is changed by comparing its version, so of two changes at the same moment one has to look again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

_ID = "register"


@dataclass(frozen=True)
class Entry:
    """`mark` is the user's `admin_mark` it belongs to; without `sure` it is only announced, or struck since `struck_at`."""

    mark: str
    sure: bool
    struck_at: datetime | None = None


@dataclass(frozen=True)
class Register:
    version: int
    entries: dict[str, Entry]


class AdministratorRegister:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._register = db["administrators"]

    def read(self) -> Register:
        document = self._register.find_one({"_id": _ID})
        if document is None:
            self._begin()
            return self.read()
        return Register(document["version"], {user_id: Entry(**entry) for user_id, entry in document["entries"].items()})

    def replace(self, seen: Register, entries: dict[str, Entry]) -> bool:
        """False when somebody else has changed it since `seen` was read."""
        written = {"version": seen.version + 1, "entries": {user_id: vars(entry) for user_id, entry in entries.items()}}
        return self._register.update_one({"_id": _ID, "version": seen.version}, {"$set": written}).modified_count == 1

    def _begin(self) -> None:
        try:
            self._register.insert_one({"_id": _ID, "version": 0, "entries": {}})
        except DuplicateKeyError:
            return  # another process began it at the same moment
