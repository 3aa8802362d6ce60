"""Collection `logins`: one record a browser login or API token; deleting it is the end of both."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from ..lib.together import Together
from .finding import found_by_id
from .records import Login, record_of


class Logins:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._logins = db["logins"]
        self._by_id = Together(found_by_id(self._logins))

    def add(self, login: Login) -> None:
        document = {name: value for name, value in vars(login).items() if name != "id"}
        self._logins.insert_one({"_id": login.id, **document})

    def get(self, login_id: str, now: datetime) -> Login | None:
        """None when it was ended or has expired (the database's own sweep may be late)."""
        document = self._by_id(login_id)
        login = record_of(Login, document) if document else None
        return login if login and login.expires_at > now else None

    def end(self, login_id: str) -> None:
        self._logins.delete_one({"_id": login_id})

    def end_all(self, user_id: str) -> None:
        self._logins.delete_many({"user_id": user_id})
