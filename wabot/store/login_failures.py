"""Collection `login_failures`: how often logging in failed lately, by a digest of whom and where; forgotten by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database


@dataclass(frozen=True)
class Failures:
    count: int
    last_at: datetime


class LoginFailures:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._failures = db["login_failures"]

    def get(self, key: str, now: datetime) -> Failures | None:
        """None when there is nothing to remember (the database's own sweep may be late)."""
        found = self._failures.find_one({"_id": key})
        return Failures(found["count"], found["last_at"]) if found and found["expires_at"] > now else None

    def add(self, key: str, at: datetime, expires_at: datetime) -> None:
        change = {"$inc": {"count": 1}, "$set": {"last_at": at, "expires_at": expires_at}}
        self._failures.update_one({"_id": key}, change, upsert=True)

    def clear(self, key: str) -> None:
        self._failures.delete_one({"_id": key})
