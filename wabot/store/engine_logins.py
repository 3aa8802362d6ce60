"""Collections `engine_logins`, `engine_records`, `engine_graves`: logins of engines that keep none themselves.

The gateway alone writes and reads them, sealed (node_wa/states/ledger.js); here they are only forgotten, with their session.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

NETWORKS = ("live", "sandbox")


class EngineLogins:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._logins = db["engine_logins"]
        self._graves = db["engine_graves"]

    def forget(self, session_id: str, at: datetime) -> None:
        """Their keys go, so nobody can read the records any more; the gateway clears those within minutes."""
        for network in NETWORKS:
            head = self._logins.find_one({"_id": f"{network}:{session_id}"}, {"generation": 1})
            if head is not None:
                self._graves.update_one({"_id": str(head["generation"])}, {"$set": {"at": at}}, upsert=True)
                self._logins.delete_one({"_id": head["_id"]})
