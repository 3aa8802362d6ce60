"""Collection `wanted_media`: files of incoming messages that are still to be fetched from WhatsApp."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from . import ids
from .inserting import insert_new
from .personal import erase_some
from .records import WantedMedia, fields_of, record_of


class WantedMediaEntries:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._wanted = db["wanted_media"]

    def add_many(self, entries: list[WantedMedia]) -> None:
        """Harmless for those that are there already."""
        if entries:
            insert_new(self._wanted, [_document(one) for one in entries])

    def due(self, at: datetime, limit: int) -> list[WantedMedia]:
        return [record_of(WantedMedia, one) for one in self._wanted.find({"not_before": {"$lte": at}}).limit(limit)]

    def claim(self, entry: WantedMedia, until: datetime) -> bool:
        """Nobody else gets it before `until`. True for exactly one caller."""
        guard = {"_id": ids.parse(entry.id), "not_before": entry.not_before}
        return self._wanted.update_one(guard, {"$set": {"not_before": until}}).modified_count == 1

    def later(self, entry_id: str, not_before: datetime, *, tries: int) -> None:
        self._wanted.update_one({"_id": ids.parse(entry_id)}, {"$set": {"not_before": not_before, "tries": tries}})

    def remove(self, entry_id: str) -> None:
        self._wanted.delete_one({"_id": ids.parse(entry_id)})

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` entries of this user are gone; how many."""
        return erase_some(self._wanted, {"user_id": user_id}, limit)


def _document(entry: WantedMedia) -> dict[str, Any]:
    return {"_id": ids.parse(entry.id), **fields_of(entry)}
