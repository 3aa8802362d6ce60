"""Collection `chats`: who a user talks with, by session, with what is unread; and how far each user's own messages are in it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from bson import ObjectId
from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from . import ids
from .finding import found_one_by_one
from .inserting import insert_new
from .personal import erase_some
from .records import Chat, Page, fields_of, record_of
from .windows import newest_first

_REFERENCES = ("last_id", "into")
_FOLLOWED_AT_MOST = 5
_SUMMED_AT_MOST = 200
_FEW = 1000
_UNREAD = {"unread": {"$gte": 1}}
"""For `$gt: 0` the embedded database goes through the index of all those that have none."""

Document = dict[str, Any]


class Chats:
    def __init__(self, db: Database[Document]) -> None:
        self._chats = db["chats"]
        self._marks = db["inbox_marks"]

    def of_user(self, user_id: str, chat_id: str) -> Chat | None:
        """Also by the id of a chat that has gone into this one."""
        for _ in range(_FOLLOWED_AT_MOST):
            found = self._one({"_id": ids.parse(chat_id), "user_id": user_id})
            if found is None or found.into is None:
                return found
            chat_id = found.into
        return None

    def by_phone(self, session_id: str, phone: str) -> Chat | None:
        return self._one({"session_id": session_id, "phone": phone})

    def by_lid(self, session_id: str, lid: str) -> Chat | None:
        return self._one({"session_id": session_id, "lid": lid})

    def by_phones(self, session_id: str, phones: list[str]) -> dict[str, Chat]:
        """By number; those that are there."""
        found = found_one_by_one(self._chats, {"session_id": session_id}, "phone", phones)
        return {str(one["phone"]): _record(one) for one in found}

    def add(self, chat: Chat) -> bool:
        """False when this session has a chat with that number or LID already."""
        return not insert_new(self._chats, [_document(chat)])

    def change(self, chat: Chat, changes: dict[str, Any]) -> bool:
        """False when the chat isn't as `chat` says any more, or its new address belongs to another: read again."""
        stored = {name: _stored(name, value) for name, value in changes.items()}
        guard = {"_id": ids.parse(chat.id), "rev": chat.rev}
        try:
            return self._chats.update_one(guard, {"$set": stored, "$inc": {"rev": 1}}).modified_count == 1
        except DuplicateKeyError:
            return False

    def page(
        self,
        user_id: str,
        *,
        session: str | None = None,
        unread: bool = False,
        wanted: Callable[[Chat], bool] = lambda _: True,
        limit: int,
        cursor: str | None = None,
    ) -> Page:
        """The chat with the newest message first; `unread`: of those with unread ones."""
        few = self._unread_if_few(user_id) if unread else None
        if few is not None:
            return _page_of([one for one in few if session in (None, one.session) and wanted(one)], limit, cursor)
        equal = {"user_id": user_id, **({"session": session} if session else {})}
        documents, following = newest_first(
            self._chats,
            equal,
            limit=limit,
            before=cursor,
            wanted=lambda one: (one["unread"] > 0 or not unread) and wanted(_record(one)),
            by="last_id",
        )
        return Page([_record(one) for one in documents], following)

    def _unread_if_few(self, user_id: str) -> list[Chat] | None:
        """All of them, newest first, by their own index: among thousands of chats a few would be looked for long. None where there
        are many, which are found soon."""
        found = list(self._chats.find({"user_id": user_id, **_UNREAD}).limit(_FEW + 1))
        chats = [one for one in map(_record, found) if one.last_id]
        return sorted(chats, key=lambda one: one.last_id or "", reverse=True) if len(found) <= _FEW else None

    def unread_of(self, user_id: str) -> int:
        """Unread messages in all chats of a user, of the first 200 that have any."""
        found = self._chats.find({"user_id": user_id, **_UNREAD}, {"unread": 1}).limit(_SUMMED_AT_MOST)
        return sum(int(one["unread"]) for one in found)

    def mark_of(self, user_id: str) -> datetime | None:
        """Up to when this user's own messages are in their chats."""
        found = self._marks.find_one({"_id": user_id})
        return found["upto"] if found else None

    def set_mark(self, user_id: str, upto: datetime) -> None:
        self._marks.update_one({"_id": user_id}, {"$set": {"upto": upto}}, upsert=True)

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` chats of this user are gone; how many."""
        self._marks.delete_one({"_id": user_id})
        return erase_some(self._chats, {"user_id": user_id}, limit)

    def _one(self, query: Document) -> Chat | None:
        found = self._chats.find_one(query)
        return _record(found) if found else None


def _page_of(chats: list[Chat], limit: int, cursor: str | None) -> Page:
    rest = [one for one in chats if cursor is None or (one.last_id or "") < cursor]
    return Page(rest[:limit], rest[limit - 1].last_id if len(rest) > limit else None)


def _stored(name: str, value: Any) -> Any:
    return ids.parse(value) if name in _REFERENCES and value else value


def _document(chat: Chat) -> Document:
    values = {name: _stored(name, value) for name, value in fields_of(chat).items()}
    return {"_id": ids.parse(chat.id), **values}


def _record(document: Document) -> Chat:
    texts = {name: str(document[name]) for name in _REFERENCES if isinstance(document.get(name), ObjectId)}
    return record_of(Chat, {**document, **texts})
