"""Collection `sessions`: WhatsApp sessions as last observed, and what their owners want."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from ..lib.together import Together
from . import ids
from .recent import Recent, Writes
from .records import Page, Session, record_of
from .windows import newest_first

_Name = tuple[str, str]
"""A user's id, and what the user calls the session."""
_IDS_KEPT = 10_000
_TELLING_AT_MOST = 100
"""Events of one session kept while nobody tells them."""


class Sessions:
    def __init__(self, db: Database[dict[str, Any]], writes: Writes | None = None) -> None:
        self._sessions = db["sessions"]
        self._named = Together(self._find_named)
        self._recent = Recent(self._found, writes, "sessions")
        self._ids: OrderedDict[_Name, Any] = OrderedDict()

    def add(self, fields: dict[str, Any]) -> Session:
        """The new session, or the one of this user and name that another request made first. `fields` as in `Session`; the id may be
        left out."""
        new = fields.get("id") or ids.new_id()
        document = {"_id": ids.parse(new), **{name: value for name, value in fields.items() if name != "id"}}
        try:
            self._sessions.insert_one(document)
        except DuplicateKeyError:
            found = self.named(fields["user_id"], fields["name"])
            if found is None:
                raise
            return found
        return record_of(Session, document)

    def get(self, session_id: str) -> Session | None:
        document = self._sessions.find_one({"_id": ids.parse(session_id)})
        return record_of(Session, document) if document else None

    def named(self, user_id: str, name: str) -> Session | None:
        return self._recent.read((user_id, name))

    def lately(self, user_id: str, name: str) -> Session | None:
        """As `named` a moment ago (`Recent`): to send by, not to show."""
        return self._recent.get((user_id, name))

    def _found(self, wanted: _Name) -> Session | None:
        document = self._named(wanted)
        return record_of(Session, document) if document else None

    def _find_named(self, wanted: list[_Name]) -> list[dict[str, Any] | None]:
        """One query for all those whose id is known: by name each would need its own."""
        known = [self._ids[one] for one in dict.fromkeys(wanted) if one in self._ids]
        found = {(one["user_id"], one["name"]): one for one in self._sessions.find({"_id": {"$in": known}})} if known else {}
        for user_id, name in set(wanted) - found.keys():
            document = self._sessions.find_one({"user_id": user_id, "name": name})
            if document:
                found[user_id, name] = document
                self._ids[user_id, name] = document["_id"]
        while len(self._ids) > _IDS_KEPT:
            self._ids.popitem(last=False)
        return [found.get(one) for one in wanted]

    def of_user(self, user_id: str, limit: int = 200) -> list[Session]:
        documents = self._sessions.find({"user_id": user_id}).sort("name", 1).limit(limit)
        return [record_of(Session, one) for one in documents]

    def desired(self, desired: str, limit: int = 10_000) -> list[Session]:
        return [record_of(Session, one) for one in self._sessions.find({"desired": desired}).limit(limit)]

    def ended(self, since: datetime) -> dict[str, str]:
        """Session → user, of those that are not to run and were observed last since then."""
        found = self._sessions.find({"desired": "off", "observed_at": {"$gte": since}}, {"user_id": 1})
        return {str(one["_id"]): one["user_id"] for one in found}

    def page(self, *, limit: int, cursor: str | None = None) -> Page:
        """Everybody's, newest first."""
        documents, following = newest_first(self._sessions, {}, limit=limit, before=cursor)
        return Page([record_of(Session, one) for one in documents], following)

    def change(self, session_id: str, epoch: int, changes: dict[str, Any], *, still: Mapping[str, Any] | None = None) -> bool:
        """Apply `changes` if the epoch is still this one, and `still` holds; False when somebody ordered or observed otherwise
        meanwhile."""
        guard = {"_id": ids.parse(session_id), "epoch": epoch, **(still or {})}
        return self._sessions.update_one(guard, _update(changes)).matched_count == 1

    def observe(self, session_id: str, epoch: int, changes: dict[str, Any]) -> bool:
        """Apply an observation unless a later one has been applied already (`changes["observed_at"]` decides)."""
        guard = {"_id": ids.parse(session_id), "epoch": epoch, "observed_at": {"$lte": changes["observed_at"]}}
        return self._sessions.update_one(guard, _update(changes)).matched_count == 1

    def untold(self, limit: int) -> list[Session]:
        """Sessions with events that have not been told."""
        return [record_of(Session, one) for one in self._sessions.find({"untold": {"$gt": ""}}).limit(limit)]

    def told(self, session: Session) -> None:
        """Take the mark off, unless more has happened meanwhile."""
        guard = {"_id": ids.parse(session.id), "untold": session.untold}
        self._sessions.update_one(guard, {"$unset": {"untold": ""}, "$set": {"telling": []}})

    def remove(self, user_id: str, session_id: str) -> bool:
        return self._sessions.delete_one({"_id": ids.parse(session_id), "user_id": user_id}).deleted_count == 1


def _update(changes: dict[str, Any]) -> dict[str, Any]:
    """`telling` in `changes` is one event more, not a new list."""
    event = changes.get("telling")
    if event is None:
        return {"$set": changes}
    rest = {name: value for name, value in changes.items() if name != "telling"}
    return {"$set": rest, "$push": {"telling": {"$each": [event], "$slice": -_TELLING_AT_MOST}}}
