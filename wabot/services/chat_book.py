"""Which chat a message belongs to, and what the chat shows: kept exactly right however often the same is told.

A person has a number and a LID. While WhatsApp tells only one of them there may be two chats of one person; once both are
known together one goes into the other. Messages stay as they are: a chat is read by both addresses.

Every change is made by a guarded update (`rev`), read again when somebody was quicker. What was counted last is remembered
in the chat, so that a message told twice, or counted just before a process died, is counted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..store import Store
from ..store.ids import new_id
from ..store.records import Chat, Message, Session

_TRIES = 50
_COUNTED_KEPT = 200
"""More than a batch of events has: what is told again belongs to the last one."""


@dataclass(frozen=True)
class Address:
    """Whom a chat is with; at least one is known."""

    phone: str | None
    lid: str | None


@dataclass(frozen=True)
class ChatBook:
    store: Store

    def note(self, session: Session, address: Address, messages: Sequence[Message], name: str | None = None) -> Chat:
        """The messages, in their order, are in their chat: unread ones counted, the newest one on top."""
        for _ in range(_TRIES):
            chat = self._chat(session, address)
            changes = _changes(chat, messages, name)
            if not changes:
                return chat
            if self.store.chats.change(chat, changes):
                return replace(chat, **changes, rev=chat.rev + 1)
        raise RuntimeError("a chat kept changing while messages were noted in it")

    def mark_read(self, chat: Chat) -> Chat:
        for _ in range(_TRIES):
            if chat.unread == 0 or self.store.chats.change(chat, {"unread": 0}):
                return replace(chat, unread=0)
            chat = self.store.chats.of_user(chat.user_id, chat.id) or chat
        raise RuntimeError("a chat kept changing while it was marked as read")

    def _chat(self, session: Session, address: Address) -> Chat:
        """The one chat with this person, made or merged where need be."""
        for _ in range(_TRIES):
            by_phone = self.store.chats.by_phone(session.id, address.phone) if address.phone else None
            by_lid = self.store.chats.by_lid(session.id, address.lid) if address.lid else None
            if by_phone and by_lid and by_phone.id != by_lid.id:
                self._merge(by_phone, by_lid)
                continue
            known = by_phone or by_lid
            if known is None:
                made = _new_chat(session, address)
                if self.store.chats.add(made):
                    return made
                continue
            learnt = {name: value for name, value in vars(address).items() if value and getattr(known, name) is None}
            if not learnt:
                return known
            if self.store.chats.change(known, learnt):
                return replace(known, **learnt, rev=known.rev + 1)
        raise RuntimeError("a chat kept changing while it was looked for")

    def _merge(self, target: Chat, source: Chat) -> None:
        """`source` goes into `target`. Any step may be the last before a death: what was taken over is written down with it."""
        before = int(target.taken["unread"]) if target.taken and target.taken["id"] == source.id else 0
        changes = {
            "unread": target.unread + source.unread - before,
            "taken": {"id": source.id, "unread": source.unread},
            "last_id": max(filter(None, (target.last_id, source.last_id)), default=None),
            "name": target.name or source.name,
            "counted": [*source.counted, *target.counted][-_COUNTED_KEPT:],
        }
        if self.store.chats.change(target, changes):
            gone = {"into": target.id, "lid": None, "phone": None, "last_id": None, "unread": 0}
            self.store.chats.change(source, gone)  # somebody counted in it meanwhile: the difference is taken next time


def _new_chat(session: Session, address: Address) -> Chat:
    return Chat(
        id=new_id(),
        user_id=session.user_id,
        session_id=session.id,
        session=session.name,
        network=session.network,
        phone=address.phone,
        lid=address.lid,
    )


def _changes(chat: Chat, messages: Sequence[Message], name: str | None) -> dict[str, Any]:
    """What these messages change in the chat; {} when they are in it already."""
    counted = set(chat.counted)
    fresh = [one for one in messages if one.wa_message_id not in counted]
    changes: dict[str, Any] = {"name": name} if name and name != chat.name else {}
    newest = max((one.id for one in messages), default="")
    if newest > (chat.last_id or ""):
        changes["last_id"] = newest
    told = [one for one in fresh if one.peer]
    if told:
        changes["counted"] = [*chat.counted, *(one.wa_message_id for one in told)][-_COUNTED_KEPT:]
        changes["unread"] = _unread(chat.unread, told)
    return changes


def _unread(unread: int, told: Sequence[Message]) -> int:
    """Who answers on the phone has read there what came before."""
    for message in told:
        unread = unread + 1 if message.direction == "in" else 0
    return unread
