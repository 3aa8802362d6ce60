"""Collection `mails`: mails that still have to go out. Gone once sent; no token and no text is in it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo.database import Database

from . import ids
from .inserting import insert_new
from .personal import erase_some
from .records import QueuedMail, fields_of, record_of

_AT_ONCE = 25


class Mails:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._mails = db["mails"]

    def add(self, mail: QueuedMail) -> None:
        """Nothing, where one of this id waits already."""
        insert_new(self._mails, [{"_id": ids.parse(mail.id), **fields_of(mail)}])

    def due(self, at: datetime) -> list[QueuedMail]:
        """The longest due first, some at a time."""
        found = self._mails.find({"due_at": {"$lte": at}}).sort("due_at", 1).limit(_AT_ONCE)
        return [record_of(QueuedMail, one) for one in found]

    def leased(self, at: datetime, until: datetime) -> list[QueuedMail]:
        """Those that fall due in between and are somebody's, some at a time."""
        found = self._mails.find({"due_at": {"$gt": at, "$lte": until}}).limit(_AT_ONCE)
        return [one for one in (record_of(QueuedMail, document) for document in found) if one.owner]

    def claim(self, mail: QueuedMail, owner: str, lease_until: datetime) -> bool:
        """It falls due again when the lease ends. True for exactly one caller."""
        taken = {"$set": {"due_at": lease_until, "owner": owner}, "$inc": {"attempts": 1}}
        return self._mails.update_one({"_id": ids.parse(mail.id), "attempts": mail.attempts}, taken).modified_count == 1

    def put_back(self, mail_id: str, owner: str, due_at: datetime) -> None:
        """For another try at `due_at`; only as long as it is this owner's."""
        self._mails.update_one({"_id": ids.parse(mail_id), "owner": owner}, {"$set": {"due_at": due_at, "owner": None}})

    def remove(self, mail_id: str) -> None:
        self._mails.delete_one({"_id": ids.parse(mail_id)})

    def waiting(self, at_most: int) -> int:
        """How many wait, counted up to `at_most`."""
        return len(list(self._mails.find({}, {"_id": 1}).limit(at_most)))

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's; how many."""
        return erase_some(self._mails, {"user_id": user_id}, limit)
