"""Collection `settings`: what an admin has changed, one document."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database


class StoredSettings:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._settings = db["settings"]

    def get(self) -> dict[str, Any]:
        """Empty when nothing was ever changed."""
        document = self._settings.find_one({"_id": "settings"}) or {}
        return {name: value for name, value in document.items() if name != "_id"}

    def put(self, values: dict[str, Any]) -> None:
        self._settings.replace_one({"_id": "settings"}, values, upsert=True)
