"""Collection `users`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from ..lib.together import Together
from . import ids
from .finding import found_by_id
from .records import Page, User, record_of
from .windows import newest_first

_TOGETHER = 200
_LONG_AGO = datetime(2025, 1, 1, tzinfo=UTC)
"""No wabot wrote anything before. A range of times matches times only, not the users without one."""


class EmailTaken(Exception):
    """There is already a user with this address."""


class Users:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._users = db["users"]
        self._by_id = Together(found_by_id(self._users))

    def add(self, fields: dict[str, Any]) -> User:
        """`fields` as in `User`, without id. Raises EmailTaken."""
        document = {"_id": ids.parse(ids.new_id()), **fields}
        try:
            self._users.insert_one(document)
        except DuplicateKeyError as error:
            raise EmailTaken from error
        return record_of(User, document)

    def get(self, user_id: str) -> User | None:
        document = self._by_id(ids.parse(user_id))
        return record_of(User, document) if document else None

    def by_email(self, email: str) -> User | None:
        document = self._users.find_one({"email": email})
        return record_of(User, document) if document else None

    def emails(self, user_ids: Iterable[str]) -> dict[str, str]:
        """By id; who isn't there (any more) is left out."""
        wanted = list(set(user_ids))
        found: dict[str, str] = {}
        for start in range(0, len(wanted), _TOGETHER):
            some = {"$in": [ids.parse(one) for one in wanted[start : start + _TOGETHER]]}
            found |= {str(one["_id"]): one["email"] for one in self._users.find({"_id": some}, {"email": 1})}
        return found

    def count(self, at_most: int) -> int:
        return len(list(self._users.find({}, {"_id": 1}).limit(at_most)))

    def any_admin(self) -> bool:
        return self._users.find_one({"role": "admin"}, {"_id": 1}) is not None

    def change(self, user_id: str, fields: dict[str, Any]) -> bool:
        return self._users.update_one({"_id": ids.parse(user_id)}, {"$set": fields}).matched_count == 1

    def replace_password(self, user: User, password_hash: str, **more: Any) -> bool:
        """Only as long as the password is still the one `user` has; every cookie and token made before dies with it. True for
        exactly one of several callers."""
        guard = {"_id": ids.parse(user.id), "password_hash": user.password_hash}
        change = {"$set": {"password_hash": password_hash, **more}, "$inc": {"token_version": 1}}
        return self._users.update_one(guard, change).modified_count == 1

    def replace_email(self, user: User, email: str) -> bool:
        """Only as long as address and password are still what `user` has. Raises EmailTaken."""
        guard = {"_id": ids.parse(user.id), "email": user.email, "password_hash": user.password_hash}
        change = {"$set": {"email": email, "email_confirmed": True}}
        try:
            return self._users.update_one(guard, change).modified_count == 1
        except DuplicateKeyError as error:
            raise EmailTaken from error

    def end_logins(self, user_id: str) -> None:
        """Every cookie and token made before is dead."""
        self._users.update_one({"_id": ids.parse(user_id)}, {"$inc": {"token_version": 1}})

    def other_admin(self, user_id: str) -> bool:
        """Whether there is an administrator besides this user."""
        found = self._users.find({"role": "admin"}, {"disabled": 1})
        return any(str(one["_id"]) != user_id and not one.get("disabled") for one in found)

    def erasing(self, limit: int) -> list[User]:
        """Those whose data is being erased."""
        found = self._users.find({"erasing_at": {"$gt": _LONG_AGO}}).limit(limit)
        return [record_of(User, one) for one in found]

    def remove(self, user_id: str) -> None:
        self._users.delete_one({"_id": ids.parse(user_id)})

    def page(self, *, limit: int, cursor: str | None = None) -> Page:
        documents, following = newest_first(self._users, {}, limit=limit, before=cursor)
        return Page([record_of(User, one) for one in documents], following)
