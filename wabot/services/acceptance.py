"""Storing accepted messages: callers that come at the same moment share one durable write, and wait for it.

Alone a message is written at once; under load everything that arrived during one write goes into the next. The message is
written first, its outbox entry second: what dies in between is found by `Delivery.look_after`.
"""

from __future__ import annotations

from collections.abc import Callable

from ..lib.crash_points import crash_point
from ..lib.together import Together
from ..store import Store
from ..store.records import Message, OutboxEntry


class Acceptance:
    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._write_together = Together(self._write, then=lambda _: wake())

    def store(self, message: Message) -> bool:
        """True when it is durably stored, False when a message with its id was there already. Raises what the store raises."""
        return self._write_together(message)

    def _write(self, messages: list[Message]) -> list[bool]:
        crash_point("accept.before-store")
        new = self._store.messages.add_many(messages)
        crash_point("accept.between-message-and-outbox")
        self._store.outbox.add_many([entry_of(one) for one in messages if one.id in new])
        crash_point("accept.before-answer")
        return [one.id in new for one in messages]


def entry_of(message: Message) -> OutboxEntry:
    """The message's place in the outbox; one that is under way already is looked up in WhatsApp by its lane."""
    scheduled = message.status == "scheduled"
    return OutboxEntry(
        message.id,
        message.user_id,
        message.session_id,
        "scheduled" if scheduled else "queued",
        not_before=message.send_at if scheduled else None,
    )
