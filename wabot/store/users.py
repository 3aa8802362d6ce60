"""Collection `users`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from ..lib.clock import BEGINNING
from ..lib.together import Together
from . import ids
from .finding import found_by, next_ids
from .prefixes import beginning_with
from .records import Page, User, record_of
from .windows import newest_first

Document = dict[str, Any]
_TOGETHER = 200

USER_STATES: dict[str, tuple[Document, Callable[[Document], bool]]] = {
    "active": ({}, lambda one: not one.get("disabled") and not one.get("invited")),
    "disabled": ({"disabled": True}, lambda one: bool(one.get("disabled"))),
    "invited": ({"invited": True}, lambda one: bool(one.get("invited"))),
    "admin": ({"role": "admin"}, lambda one: bool(one["role"] == "admin")),
}
"""What the list can be narrowed to: the part of it that has an index, and the whole of it."""


class EmailTaken(Exception):
    """There is already a user with this address."""


class Users:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._users = db["users"]
        self._by_id = Together(found_by(self._users, "_id"))

    def add(self, fields: dict[str, Any]) -> User:
        """`fields` as in `User`; the id may be left out. Raises EmailTaken."""
        new = fields.get("id") or ids.new_id()
        document = {"_id": ids.parse(new), **_findable(new, {name: value for name, value in fields.items() if name != "id"})}
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
        return {str(one["_id"]): one["email"] for one in self._of(user_ids, "email")}

    def disabled_among(self, user_ids: Iterable[str]) -> list[str]:
        return [str(one["_id"]) for one in self._of(user_ids, "disabled") if one.get("disabled")]

    def _of(self, user_ids: Iterable[str], field: str) -> Iterator[Document]:
        wanted = list(set(user_ids))
        for start in range(0, len(wanted), _TOGETHER):
            some = {"$in": [ids.parse(one) for one in wanted[start : start + _TOGETHER]]}
            yield from self._users.find({"_id": some}, {field: 1})

    def count(self, at_most: int) -> int:
        return len(list(self._users.find({}, {"_id": 1}).limit(at_most)))

    def any_admin(self) -> bool:
        return self._users.find_one({"role": "admin"}, {"_id": 1}) is not None

    def change(self, user_id: str, fields: dict[str, Any]) -> bool:
        return self._users.update_one({"_id": ids.parse(user_id)}, {"$set": _findable(user_id, fields)}).matched_count == 1

    def change_marked(self, user_id: str, mark: str | None, fields: dict[str, Any]) -> bool:
        """False when the user's `admin_mark` isn't this one any more (or the user is gone)."""
        guard = {"_id": ids.parse(user_id), "admin_mark": mark}
        return self._users.update_one(guard, {"$set": _findable(user_id, fields)}).matched_count == 1

    def administrators(self, limit: int = 1000) -> list[User]:
        return [record_of(User, one) for one in self._users.find({"role": "admin"}).limit(limit)]

    def replace_password(self, user: User, password_hash: str, **more: Any) -> bool:
        """Only as long as the password is still the one `user` has; every cookie and token made before dies with it. True for
        exactly one of several callers."""
        guard = {"_id": ids.parse(user.id), "password_hash": user.password_hash}
        change = {"$set": {"password_hash": password_hash, **more}, "$inc": {"token_version": 1}}
        return self._users.update_one(guard, change).modified_count == 1

    def replace_email(self, user: User, email: str) -> bool:
        """Only as long as address and password are still what `user` has. Raises EmailTaken."""
        guard = {"_id": ids.parse(user.id), "email": user.email, "password_hash": user.password_hash}
        change = {"$set": {"email": email, "email_confirmed": True}, "$inc": {"email_changes": 1}}
        try:
            return self._users.update_one(guard, change).modified_count == 1
        except DuplicateKeyError as error:
            raise EmailTaken from error

    def end_logins(self, user_id: str) -> None:
        """Every cookie and token made before is dead."""
        self._users.update_one({"_id": ids.parse(user_id)}, {"$inc": {"token_version": 1}})

    def erasing(self, limit: int) -> list[User]:
        """Those whose data is being erased."""
        # A range of times matches times only, not the users without one.
        found = self._users.find({"erasing_at": {"$gt": BEGINNING}}).limit(limit)
        return [record_of(User, one) for one in found]

    def ids_after(self, user_id: str, limit: int) -> list[str]:
        """The next users' ids, in their order; of the first ones after an empty one."""
        return next_ids(self._users, user_id, limit)

    def remove(self, user_id: str) -> None:
        self._users.delete_one({"_id": ids.parse(user_id)})

    def page(self, *, limit: int, cursor: str | None = None, state: str = "") -> Page:
        """Newest first; `state` one of `USER_STATES`, or empty for all."""
        equal, wanted = USER_STATES[state] if state else ({}, lambda _: True)
        documents, following = newest_first(self._users, equal, limit=limit, before=cursor, wanted=wanted)
        return Page([record_of(User, one) for one in documents], following)

    def beginning_with(self, text: str, *, limit: int, cursor: str | None = None, state: str = "") -> Page:
        """By address, then by name, those that begin with `text`, in the order of the alphabet. `cursor` is the last one's."""
        text = text.casefold()
        wanted = USER_STATES[state][1] if state else lambda _: True
        of, _, last = (cursor or "email:").partition(":")
        found: list[tuple[str, Document]] = []
        if of == "email":
            by_email = beginning_with(self._users, "email", text, after=last, limit=limit + 1, wanted=wanted)
            found, last = [(f"email:{one['email']}", one) for one in by_email], ""
        if len(found) <= limit:

            def new(one: Document) -> bool:
                return wanted(one) and not one["email"].startswith(text)

            by_name = beginning_with(self._users, "name_key", text, after=last, limit=limit + 1 - len(found), wanted=new)
            found += [(f"name:{one['name_key']}", one) for one in by_name]
        following = found[limit - 1][0] if len(found) > limit else None
        return Page([record_of(User, one) for _, one in found[:limit]], following)


def _findable(user_id: str, fields: dict[str, Any]) -> dict[str, Any]:
    """With `name_key`, where the name is set: what it is found and sorted by, different for each user."""
    return {**fields, "name_key": f"{str(fields['name']).casefold()}\0{user_id}"} if "name" in fields else fields
