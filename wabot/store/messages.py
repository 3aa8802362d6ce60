"""Collection `messages`: every message in and out, with its timeline."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo.database import Database
from pymongo.errors import DuplicateKeyError

from . import ids
from .finding import found_one_by_one
from .inserting import insert_new
from .outbox import place_after, place_of
from .records import Chat, Message, Page, message_of
from .windows import newest_first

SOME = 1000
"""Messages a bounded look gives at most."""


@dataclass(frozen=True)
class MessageFilter:
    """What a log page asks for; None asks for nothing."""

    direction: str = "out"
    status: str | None = None
    to: str | None = None
    session: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None


class Messages:
    def __init__(self, db: Database[dict[str, Any]]) -> None:
        self._messages = db["messages"]
        self._erased_to: dict[tuple[str, str], str] = {}

    def add(self, message: Message) -> bool:
        """False when a message of this session and WhatsApp id is there already."""
        return bool(self.add_many([message]))

    def add_many(self, messages: list[Message]) -> set[str]:
        """Ids of those that are new; one whose id, or session and WhatsApp id, is there already is left out."""
        duplicates = insert_new(self._messages, [_document(one) for one in messages])
        return {one.id for index, one in enumerate(messages) if index not in duplicates}

    def get(self, message_id: str) -> Message | None:
        return _record(self._messages.find_one({"_id": ids.parse(message_id)}))

    def of_user(self, user_id: str, message_id: str) -> Message | None:
        return _record(self._messages.find_one({"_id": ids.parse(message_id), "user_id": user_id}))

    def by_wa_id(self, session_id: str, wa_message_id: str) -> Message | None:
        return _record(self._messages.find_one({"session_id": session_id, "wa_message_id": wa_message_id}))

    def move(
        self,
        message: Message,
        allowed_from: Collection[str],
        entry: dict[str, Any],
        changes: dict[str, Any] | None = None,
        claim: int | None = None,
    ) -> bool:
        """One transition: `entry` {status, at, detail?} becomes the status and the timeline's last line. Its time becomes that of the
        line above it, where somebody else wrote that meanwhile, and later.

        False when the message isn't in one of `allowed_from` any more: somebody else moved it; or when it was handed over
        under another `claim`, where one is given.
        """
        guard = {
            "_id": ids.parse(message.id),
            "status": {"$in": list(allowed_from)},
            **({} if claim is None else {"claim": claim}),
        }
        while not self._move(guard, entry, {**(changes or {}), **_state_of(entry, message.session_id)}):
            found = self._messages.find_one(guard, {"updated_at": 1})
            if found is None:
                return False
            entry["at"] = max(entry["at"], found["updated_at"])
        return True

    def _move(self, guard: dict[str, Any], entry: dict[str, Any], changes: dict[str, Any]) -> bool:
        earlier = {**guard, "updated_at": {"$lte": entry["at"]}}
        return self._messages.update_one(earlier, {"$set": changes, "$push": {"timeline": entry}}).modified_count == 1

    def get_many(self, message_ids: list[str]) -> dict[str, Message]:
        """By id; what isn't there is left out."""
        found = self._messages.find({"_id": {"$in": [ids.parse(one) for one in message_ids]}})
        return {str(one["_id"]): message_of(one) for one in found}

    def start_many(
        self,
        message_ids: list[str],
        allowed_from: Collection[str],
        entry: dict[str, Any],
        claim: int,
        changes: dict[str, Any] | None = None,
    ) -> set[str]:
        """The same transition into a hand-over for several at once, under a lane's epoch; ids of those that made it.

        A message that was handed over under a later epoch is left alone.
        """
        wanted = {"$in": [ids.parse(one) for one in message_ids]}
        guard = {"_id": wanted, "status": {"$in": list(allowed_from)}, "claim": {"$not": {"$gt": claim}}}
        changed = {**(changes or {}), "status": entry["status"], "updated_at": entry["at"], "claim": claim}
        update = {"$set": changed, "$push": {"timeline": entry}, "$inc": {"attempts": 1}}
        if self._messages.update_many(guard, update).modified_count == len(message_ids):
            return set(message_ids)
        started = {"status": entry["status"], "updated_at": entry["at"], "claim": claim}
        return {str(one["_id"]) for one in self._messages.find({"_id": wanted, **started})}

    def in_state(self, user_id: str, status: str, after: str, before: str) -> list[Message]:
        """Up to `SOME` of a user's own messages in that state, the oldest with ids between these."""
        born = {"$gt": ids.parse(after), "$lt": ids.parse(before)}
        equal = {"user_id": user_id, "direction": "out", "status": status}
        return [message_of(one) for one in self._messages.find({**equal, "_id": born}).sort("_id", 1).limit(SOME)]

    def advance_many(
        self, message_ids: list[str], status: str, entries: list[dict[str, Any]], changes: dict[str, Any] | None = None
    ) -> set[str]:
        """The same transitions, in one write, for all of these that are still in `status`, and not since later than the first of them;
        ids of those that made them by this call, whoever makes the same ones meanwhile."""
        mine = {"advanced_by": ids.new_id()}
        wanted = {"_id": {"$in": [ids.parse(one) for one in message_ids]}}
        update = {"$set": {**(changes or {}), **_state_of(entries[-1]), **mine}, "$push": {"timeline": {"$each": entries}}}
        unchanged = {**wanted, "status": status, "updated_at": {"$lte": entries[0]["at"]}}
        if self._messages.update_many(unchanged, update).modified_count == len(message_ids):
            return set(message_ids)
        return {str(one["_id"]) for one in self._messages.find({**wanted, **mine}, {"_id": 1})}

    def untold(self, limit: int) -> list[Message]:
        """Messages with changes whose events have not been told, the longest marked first."""
        found = self._messages.find({"untold": {"$gt": ""}}).sort("untold", 1).limit(limit)
        return [message_of(one) for one in found]

    def told(self, messages: list[Message]) -> None:
        """Take the marks off; where more has happened since they were read, they stay."""
        by_length: dict[int, list[Message]] = {}
        for one in messages:
            by_length.setdefault(len(one.timeline), []).append(one)
        for told, alike in by_length.items():
            unchanged = {"_id": {"$in": [ids.parse(one.id) for one in alike]}, "timeline": {"$size": told}}
            self._messages.update_many(unchanged, {"$set": {"told": told}, "$unset": {"untold": ""}})

    def set_wa_id(self, message: Message, wa_message_id: str) -> None:
        """WhatsApp told of it first, as of a message written on the phone: that one gives way, it is the same."""
        change = {"$set": {"wa_message_id": wa_message_id}}
        try:
            self._messages.update_one({"_id": ids.parse(message.id)}, change)
        except DuplicateKeyError:
            twin = self.by_wa_id(message.session_id, wa_message_id)
            if twin and twin.origin == "phone":
                self._messages.delete_one({"_id": ids.parse(twin.id)})
            self._messages.update_one({"_id": ids.parse(message.id)}, change)

    def by_wa_ids(self, session_id: str, wa_message_ids: list[str]) -> dict[str, Message]:
        """By WhatsApp id; those that are there."""
        found = found_one_by_one(self._messages, {"session_id": session_id}, "wa_message_id", wa_message_ids)
        return {str(one["wa_message_id"]): message_of(one) for one in found}

    def set_media(self, message_id: str, media: dict[str, Any]) -> None:
        self._messages.update_one({"_id": ids.parse(message_id)}, {"$set": {"media": media}})

    def of_chat(self, chat: Chat, *, limit: int, cursor: str | None = None) -> Page:
        """Both directions, newest first, by both of the other side's addresses."""
        found: dict[Any, dict[str, Any]] = {}
        more = False
        for address in filter(None, (chat.phone, chat.lid)):
            equal = {"user_id": chat.user_id, "side": address}
            documents, following = newest_first(
                self._messages, equal, limit=limit, before=cursor, wanted=lambda one: one["session_id"] == chat.session_id
            )
            more = more or following is not None
            found.update({one["_id"]: one for one in documents})
        newest = [found[one] for one in sorted(found, reverse=True)]
        following = str(newest[limit - 1]["_id"]) if more or len(newest) > limit else None
        return Page([message_of(one) for one in newest[:limit]], following if len(newest) >= limit else None)

    def page(self, user_id: str, asked: MessageFilter, *, limit: int, cursor: str | None = None) -> Page:
        equal: dict[str, Any] = {"user_id": user_id}
        if asked.to is not None:
            equal["side"] = asked.to
        else:
            equal |= {"direction": asked.direction, **({"status": asked.status} if asked.status is not None else {})}
        before = cursor or (str(ids.beyond(asked.until)) if asked.until else None)
        documents, following = newest_first(
            self._messages, equal, limit=limit, before=before, since=asked.since, wanted=_wanted(asked)
        )
        return Page([message_of(one) for one in documents], following)

    def erase(self, user_id: str, limit: int) -> int:
        """Up to `limit` of this user's, the newest first; how many."""
        return self._erase(user_id, "out", limit) or self._erase(user_id, "in", limit)

    def _erase(self, user_id: str, direction: str, limit: int) -> int:
        """Where the last call ended is kept in mind, since a search from the top widens its windows again each time."""
        place = (user_id, direction)
        before = self._erased_to.pop(place, None)
        found, _ = newest_first(self._messages, {"user_id": user_id, "direction": direction}, limit=limit, before=before)
        if not found:
            return self._erase(user_id, direction, limit) if before else 0
        self._erased_to[place] = str(found[-1]["_id"])
        return self._messages.delete_many({"_id": {"$in": [one["_id"] for one in found]}}).deleted_count


def _document(message: Message) -> dict[str, Any]:
    """With a `side` for the index: the other side's address, in both directions; and its place, where it is to be sent."""
    fields = {name: value for name, value in vars(message).items() if name not in ("id", "from_")}
    return {
        "_id": ids.parse(message.id),
        "from": message.from_,
        "side": message.peer or message.to or "",
        **place_of(message),
        **fields,
    }


def _state_of(entry: dict[str, Any], session_id: str = "") -> dict[str, Any]:
    """What a transition writes; `session_id` is needed where the message may come (back) into its queue."""
    return {"status": entry["status"], "updated_at": entry["at"], **place_after(entry["status"], session_id)}


def _wanted(asked: MessageFilter) -> Callable[[dict[str, Any]], bool]:
    """What the index can't tell: further fields, exact times, a text inside the body (case ignored)."""
    exact = {name: value for name in ("direction", "to", "status", "session") if (value := getattr(asked, name)) is not None}
    text = asked.text.casefold() if asked.text else None

    def wanted(document: dict[str, Any]) -> bool:
        if any(document.get(name) != value for name, value in exact.items()):
            return False
        if asked.since and document["created_at"] < asked.since:
            return False
        if asked.until and document["created_at"] >= asked.until:
            return False
        return text is None or text in document["message"].casefold()

    return wanted


def _record(document: dict[str, Any] | None) -> Message | None:
    return message_of(document) if document else None
