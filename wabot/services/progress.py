"""Moving messages through their states: every transition guarded, counted and told, whoever observed it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..lib.clock import from_rfc3339, now
from ..lib.log import get_logger
from ..store import Store
from ..store.ids import new_id
from ..store.records import Message
from .message_machine import ACK_TO_STATUS, ALLOWED_FROM
from .publishing import Publisher, pushes_of_message
from .reasons import message_error
from .tally import Tally

log = get_logger(__name__)
_COUNTED = frozenset({"sent", "delivered", "read", "failed"})


@dataclass(frozen=True)
class Progress:
    store: Store
    publisher: Publisher
    tally: Tally

    def move(self, message: Message, status: str, *, detail: str | None = None, **changes: Any) -> bool:
        """One transition of the state machine; False when the message has moved on meanwhile."""
        at = changes.pop("at", None) or now()
        entry = {"status": status, "at": at, **({"detail": detail} if detail else {})}
        if not self.store.messages.move(message.id, ALLOWED_FROM[status], entry, changes):
            return False
        log.info("message_moved", message_id=message.id, status=status, correlation_id=message.correlation_id)
        moved = replace(message, status=status, updated_at=at, **changes)
        self.publisher.publish(pushes_of_message(moved))
        if status in _COUNTED:
            self.tally.count(message.user_id, status)
        return True

    def fail(self, message: Message, code: str) -> bool:
        return self.move(message, "failed", detail=code, error=message_error(code))

    def acknowledged(self, message: Message, ack: str, at: Any = None) -> None:
        """An ack as the gateway names it; repeated, late or skipped ones are all fine."""
        status = ACK_TO_STATUS.get(ack)
        if status == "failed":
            self.fail(message, "rejected_by_whatsapp")
        elif status:
            self.move(message, status, at=at)

    def ack_event(self, session_id: str, data: dict[str, Any]) -> None:
        message = self.store.messages.by_wa_id(session_id, data["wa_message_id"])
        if message and message.direction == "out":
            self.acknowledged(message, data["ack"], from_rfc3339(data["at"]))

    def received_event(self, session_id: str, correlation_id: str, data: dict[str, Any]) -> None:
        """Store an incoming message once; a repeated event finds it there."""
        session = self.store.sessions.get(session_id)
        if session is None:
            return
        at = from_rfc3339(data["at"])
        message = Message(
            id=new_id(), user_id=session.user_id, session_id=session.id, session=session.name, network=session.network,
            direction="in", to=session.phone, from_=data["from"]["phone"], message=data["body"], status="received",
            created_at=at, updated_at=now(), wa_message_id=data["wa_message_id"], correlation_id=correlation_id,
            push_name=data.get("push_name"), chat_lid=data["chat"]["lid"], kind=data.get("kind", "text"),
            timeline=[{"status": "received", "at": at}],
        )  # fmt: skip
        if self.store.messages.add(message):
            self.tally.count(session.user_id, "received")
            self.publisher.publish(pushes_of_message(message))
