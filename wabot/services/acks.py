"""Ticks of many messages at once: read together, and written together where the same happened to several.

A tick costs little by itself but comes two or three times for each message. Messages that made the same way share one write, and
with it the time in their timelines: ticks that came within half a second get the time of the last of them. How long sending took is
measured by each message's own. No time is before the one above it, though WhatsApp's are whole seconds, and a tick may be told of
before it was found out that the message is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..lib.log import get_logger
from ..store import REFUSED, Store
from ..store.records import Message
from .hearing import Hearing
from .message_machine import ALLOWED_FROM
from .progress import Progress
from .reasons import message_error

_REREADS = 5
_ALIKE = timedelta(seconds=0.5)
_REJECTED = "rejected_by_whatsapp"

Ack = tuple[str, datetime]
"""A message's status as WhatsApp tells it, and when."""
Entry = dict[str, Any]
log = get_logger(__name__)


@dataclass(frozen=True)
class Acked:
    """All acks of one message in a batch of events, in their order. `message_id` is ours, empty where the gateway doesn't know it."""

    session_id: str
    wa_message_id: str
    message_id: str
    acks: Sequence[Ack]


@dataclass(frozen=True)
class Acks:
    store: Store
    progress: Progress
    hearing: Hearing

    def apply(self, acked: Sequence[Acked]) -> None:
        """Repeated, late and skipped ones are all fine, and those of messages we don't know."""
        left = list(acked)
        for _ in range(_REREADS):
            left = self._round(left)
            if not left:
                return
        raise RuntimeError("messages kept moving while their acks were applied")

    def _round(self, acked: list[Acked]) -> list[Acked]:
        """Those to be tried again, since somebody else moved the message meanwhile."""
        messages = self._messages(acked)
        moving = [
            (one, message, entries)
            for one, message in zip(acked, messages, strict=True)
            if message and (entries := list(_allowed(message, one.acks)))
        ]
        moved: set[str] = set()
        for group in _alike([(message, entries) for _, message, entries in moving]):
            moved |= self._advance(group)
        return [one for one, message, _ in moving if message.id not in moved]

    def _messages(self, acked: list[Acked]) -> list[Message | None]:
        """By our id; by WhatsApp's where that isn't known, or names another."""
        named = self.store.messages.get_many([one.message_id for one in acked if one.message_id])

        def of(one: Acked) -> Message | None:
            message = named.get(one.message_id)
            if message and (message.session_id, message.wa_message_id) == (one.session_id, one.wa_message_id):
                return message
            return self.store.messages.by_wa_id(one.session_id, one.wa_message_id)

        return [of(one) for one in acked]

    def _advance(self, group: list[tuple[Message, list[Entry]]]) -> set[str]:
        entries = [max(same, key=lambda one: one["at"]) for same in zip(*(entries for _, entries in group), strict=True)]
        changes = {"error": message_error(_REJECTED)} if entries[-1]["status"] == "failed" else {}
        mark = self.hearing.mark(group[0][0].user_id)
        own = {message.id: (message, passed) for message, passed in group}
        try:
            moved = self.store.messages.advance_many(list(own), group[0][0].status, entries, {**changes, **mark})
        except REFUSED as error:
            if len(group) > 1:
                return set().union(*(self._advance([one]) for one in group))
            log.error("ack_refused", message_id=group[0][0].id, error=type(error).__name__)
            return set(own)  # it never will be taken
        self.hearing.marked(mark)
        for message_id in own.keys() & moved:
            self.progress.advanced(own[message_id][0], entries, own[message_id][1])
        return moved


def _allowed(message: Message, acks: Iterable[Ack]) -> Iterable[Entry]:
    """The timeline entries of those acks that move the message forwards."""
    status, latest = message.status, message.updated_at
    for following, at in acks:
        if status in ALLOWED_FROM[following]:
            status, latest = following, max(latest, at)
            yield {"status": following, "at": latest, **({"detail": _REJECTED} if following == "failed" else {})}


def _alike(moving: Iterable[tuple[Message, list[Entry]]]) -> Iterable[list[tuple[Message, list[Entry]]]]:
    """Those of one user that made the same steps, each within a short while."""
    groups: dict[Any, list[tuple[Message, list[Entry]]]] = {}
    for message, entries in sorted(moving, key=lambda one: one[1][-1]["at"]):
        way = (message.user_id, message.status, *(one["status"] for one in entries))
        group = groups.get(way)
        if group and any(abs(one["at"] - first["at"]) > _ALIKE for one, first in zip(entries, group[0][1], strict=True)):
            yield groups.pop(way)
        groups.setdefault(way, []).append((message, entries))
    yield from groups.values()
