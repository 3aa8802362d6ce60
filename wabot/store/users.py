"""Collection `users`."""

from __future__ import annotations

from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from . import ids
from .records import Page, User, record_of
from .windows import newest_first


class EmailTaken(Exception):
    """There is already a user with this address."""


class Users:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._users = db["users"]

    def add(self, fields: dict[str, Any]) -> User:
        """`fields` as in `User`, without id. Raises EmailTaken."""
        document = {"_id": ids.parse(ids.new_id()), **fields}
        try:
            self._users.insert_one(document)
        except DuplicateKeyError as error:
            raise EmailTaken from error
        return record_of(User, document)

    def get(self, user_id: str) -> User | None:
        document = self._users.find_one({"_id": ids.parse(user_id)})
        return record_of(User, document) if document else None

    def by_email(self, email: str) -> User | None:
        document = self._users.find_one({"email": email})
        return record_of(User, document) if document else None

    def any_admin(self) -> bool:
        return self._users.find_one({"role": "admin"}, {"_id": 1}) is not None

    def change(self, user_id: str, fields: dict[str, Any]) -> bool:
        return self._users.update_one({"_id": ids.parse(user_id)}, {"$set": fields}).matched_count == 1

    def end_logins(self, user_id: str) -> None:
        """Every cookie and token made before is dead."""
        self._users.update_one({"_id": ids.parse(user_id)}, {"$inc": {"token_version": 1}})

    def page(self, *, limit: int, cursor: str | None = None) -> Page:
        documents, following = newest_first(self._users, {}, limit=limit, before=cursor)
        return Page([record_of(User, one) for one in documents], following)
