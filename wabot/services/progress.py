"""Moving messages through their states: every transition guarded, counted and told, whoever observed it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from ..lib.clock import now
from ..lib.log import get_logger
from ..store import Store
from ..store.records import Message
from . import durations
from .hearing import Hearing
from .message_machine import ACK_TO_STATUS, ALLOWED_FROM, passed
from .publishing import Publisher, pushes_of_message
from .reasons import message_error
from .tally import Tally
from .waits import Waits

log = get_logger(__name__)
_COUNTED = frozenset({"sent", "delivered", "read", "failed", "cancelled", "unknown"})


@dataclass(frozen=True)
class Progress:
    store: Store
    publisher: Publisher
    tally: Tally
    hearing: Hearing

    def move(
        self,
        message: Message,
        status: str,
        *,
        detail: str | None = None,
        claim: int | None = None,
        only_from: str = "",
        **changes: Any,
    ) -> bool:
        """One transition of the state machine; False when the message has moved on meanwhile (is no longer `only_from`, where
        that is given), or was handed over under another `claim` than this."""
        allowed_from = {only_from} if only_from else ALLOWED_FROM[status]
        entry: dict[str, Any] = {"status": status, "at": now(), **({"detail": detail} if detail else {})}
        mark = self.hearing.mark(message.user_id)
        if not self.store.messages.move(message, allowed_from, entry, {**changes, **mark}, claim):
            return False
        self.hearing.marked(mark)
        self._measure(message, [entry])
        self._tell(replace(message, status=status, updated_at=entry["at"], **changes), passed(message.status, [status]))
        return True

    def start_sending(self, messages: list[Message], claim: int, waits: Waits) -> list[Message]:
        """Note the hand-over before it happens, under the lane's epoch; those that are `sending` now, in their order.

        What the lane waited for since the first of them was put into the queue is noted with it.
        """
        at = now()
        waited = waits.since(min(one.updated_at for one in messages))
        entry = {"status": "sending", "at": at, **({"waits": waited} if waited else {})}
        mark = self.hearing.mark(messages[0].user_id)
        started = self.store.messages.start_many([one.id for one in messages], ALLOWED_FROM["sending"], entry, claim, mark)
        self.hearing.marked(mark)
        sending = [
            replace(one, status="sending", updated_at=at, attempts=one.attempts + 1, claim=claim)
            for one in messages
            if one.id in started
        ]
        for message in sending:
            self._tell(message, ["sending"])
        return sending

    def fail(
        self, message: Message, code: str, *, detail: str | None = None, claim: int | None = None, only_from: str = ""
    ) -> bool:
        return self.move(message, "failed", detail=detail or code, claim=claim, only_from=only_from, error=message_error(code))

    def acknowledged(self, message: Message, ack: str) -> None:
        """An ack that was looked up; nothing moves for `pending`."""
        status = ACK_TO_STATUS.get(ack)
        if status == "failed":
            self.fail(message, "rejected_by_whatsapp")
        elif status:
            self.move(message, status, detail="found in WhatsApp")

    def advanced(self, message: Message, entries: list[dict[str, Any]], own: list[dict[str, Any]]) -> None:
        """Tell and count that `message`, which is given as it was before, made these transitions in the store; `own` are the same
        with the times they really had, where it shared the write with others."""
        last = entries[-1]
        changes: dict[str, Any] = {"error": message_error("rejected_by_whatsapp")} if last["status"] == "failed" else {}
        self._measure(message, own)
        states = passed(message.status, [one["status"] for one in entries])
        self._tell(replace(message, status=last["status"], updated_at=last["at"], **changes), states)

    def _measure(self, before: Message, entries: list[dict[str, Any]]) -> None:
        """How long it took to be sent and to be delivered, where both ends are known."""
        sent_at = before.updated_at if before.status == "sent" else None
        for entry in entries:
            if entry["status"] == "sent":
                sent_at = entry["at"]
                self.tally.took(durations.QUEUED_SENT, entry["at"] - max(before.created_at, before.send_at or before.created_at))
            elif entry["status"] == "delivered" and sent_at:
                self.tally.took(durations.SENT_DELIVERED, entry["at"] - sent_at)

    def _tell(self, message: Message, states: Iterable[str]) -> None:
        """Once for the pages, and a figure for each of the `states` it passed."""
        log.info("message_moved", message_id=message.id, status=message.status, correlation_id=message.correlation_id)
        if self.publisher.watches(message.user_id):
            self.publisher.publish(pushes_of_message(message))
        for status in states:
            if status in _COUNTED:
                self.tally.count(message.user_id, status)
