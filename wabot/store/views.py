"""Collection `views`: which administrator's login looks at the pages as whom, one document a login."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database

from .records import View, fields_of, record_of


class Views:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._views = db["views"]

    def begin(self, view: View) -> None:
        self._views.replace_one({"_id": view.id}, fields_of(view), upsert=True)

    def get(self, login_id: str) -> View | None:
        document = self._views.find_one({"_id": login_id})
        return record_of(View, document) if document else None

    def name_end(self, view: View, end_id: str) -> str | None:
        """The id of the entry about its end: this one, or the one that was named before; None when it has ended already."""
        same = {"_id": view.id, "until": view.until}
        self._views.update_one({**same, "end_id": None}, {"$set": {"end_id": end_id}})
        document = self._views.find_one(same)
        return str(document["end_id"]) if document else None

    def end(self, view: View) -> None:
        """Unless another one was begun with this login meanwhile."""
        self._views.delete_one({"_id": view.id, "until": view.until})

    def all(self, limit: int = 1000) -> list[View]:
        return [record_of(View, one) for one in self._views.find({}).limit(limit)]
