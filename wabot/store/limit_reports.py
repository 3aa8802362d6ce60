"""Collection `limit_reports`: what each web process saw its rate limits do, where there are several."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

_PROCESSES = 100


class LimitReports:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._reports = db["limit_reports"]

    def put(self, process: str, report: dict[str, Any], expires_at: datetime) -> None:
        self._reports.replace_one({"_id": process}, {**report, "expires_at": expires_at}, upsert=True)

    def others(self, process: str, now: datetime) -> list[dict[str, Any]]:
        """Those of the other processes, dead ones' for as long as they mean something."""
        found = self._reports.find({"expires_at": {"$gt": now}}).limit(_PROCESSES)
        return [one for one in found if one["_id"] != process]
