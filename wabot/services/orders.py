"""What the gateway is told of a message (docs/internals.md): to hand it over, and to look it up."""

from __future__ import annotations

from ..lib.clock import to_rfc3339
from ..store.records import Message


def order_of(message: Message) -> dict[str, str | None]:
    return {
        "id": message.id,
        "to": message.to,
        "body": message.message,
        "wa_message_id": message.wa_message_id,
        "correlation_id": message.correlation_id,
    }


def wanted_of(message: Message) -> dict[str, str | None]:
    return {
        "to": message.to,
        "body": message.message,
        "wa_message_id": message.wa_message_id,
        "since": to_rfc3339(message.created_at),
    }
