"""Collection `logins`: one record a browser login or API token; deleting it is the end of both."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any

from bson import ObjectId
from pymongo.database import Database

from ..lib.together import Together
from . import ids
from .finding import Document, found_by
from .personal import erase_some
from .recent import Recent, Writes
from .records import Login, User, fields_of, record_of

_READ_AT_MOST = 2000
"""Of one user: a program that logs in once a minute has 1,440."""
_LOOKED_UP_AT_ONCE = 50
"""Ids in one look-up: more than that the embedded database takes eight times as long for each (0.05 ms, 0.4 ms)."""


class Logins:
    def __init__(self, db: Database[dict[str, Any]], writes: Writes | None = None) -> None:
        self._logins = db["logins"]
        self._find_logins = found_by(self._logins, "_id")
        self._find_users = found_by(db["users"], "_id")
        self._both = Together(self._find_both)
        self._recent = Recent(self._found, writes, "logins", "users")

    def add(self, login: Login) -> None:
        self._logins.insert_one({"_id": login.id, **fields_of(login)})

    def with_user(self, login_id: str, user_id: str, now: datetime) -> tuple[Login, User] | None:
        """Both in one go, since every request asks for them (`Recent`).

        None when the login is another user's, was ended or has expired (the database's own sweep may be late).
        """
        found = self._recent.get((login_id, user_id))
        if found is None or found[0].user_id != user_id or found[0].expires_at <= now:
            return None
        return found

    def _found(self, wanted: tuple[str, str]) -> tuple[Login, User] | None:
        login, owner = self._both((wanted[0], ids.parse(wanted[1])))
        return (record_of(Login, login), record_of(User, owner)) if login and owner else None

    def _find_both(self, wanted: list[tuple[str, ObjectId | None]]) -> list[tuple[Document | None, Document | None]]:
        logins = self._find_logins([login_id for login_id, _ in wanted])
        return list(zip(logins, self._find_users([user_id for _, user_id in wanted]), strict=True))

    def of_user(self, user_id: str, now: datetime) -> list[Login]:
        """Those that stand, at most 2,000."""
        found = [record_of(Login, one) for one in self._logins.find({"user_id": user_id}).limit(_READ_AT_MOST)]
        return [one for one in found if one.expires_at > now]

    def standing(self, login_ids: Collection[str], now: datetime) -> set[str]:
        """Those of them that stand."""
        good: set[str] = set()
        for some in _batched(login_ids, _LOOKED_UP_AT_ONCE):
            found = self._logins.find({"_id": {"$in": some}}, {"expires_at": 1})
            good |= {str(one["_id"]) for one in found if one["expires_at"] > now}
        return good

    def seen(self, login_id: str, at: datetime) -> None:
        self._logins.update_one({"_id": login_id}, {"$set": {"last_seen_at": at}})

    def end_of_user(self, user_id: str, login_id: str) -> bool:
        return self._logins.delete_one({"_id": login_id, "user_id": user_id}).deleted_count == 1

    def end_others(self, user_id: str, login_id: str) -> int:
        """All of the user's but this one; how many that were."""
        found = [one["_id"] for one in self._logins.find({"user_id": user_id}, {"_id": 1})]
        return self._logins.delete_many({"_id": {"$in": [one for one in found if one != login_id]}}).deleted_count

    def end(self, login_id: str) -> None:
        self._logins.delete_one({"_id": login_id})

    def end_all(self, user_id: str) -> None:
        self._logins.delete_many({"user_id": user_id})

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's; how many."""
        return erase_some(self._logins, {"user_id": user_id}, limit)


def _batched(values: Iterable[str], size: int) -> Iterator[list[str]]:
    """In lists of at most `size`."""
    rest = iter(values)
    while some := list(islice(rest, size)):
        yield some
