"""Every event wabot tells the outside: one documented dataclass an event, in one registry.

Socket.IO, webhooks, the docs and the pages' check-boxes read `REGISTRY`; adding an event is adding a class here.

What leaves is `{type, timestamp, data}`. A payload's version rises when a field goes or changes its meaning; new fields may come
at any time. Each event has a JSON schema, made from the model of its data, and a sample that fits it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .event_data import MessageData, SessionData
from .words import N_

REGISTRY: dict[str, type[Event]] = {}

_AT = "2026-01-31T12:00:00.000Z"
_MESSAGE = {
    "id": "697df4c0a1b2c3d4e5f60718", "session": "default", "direction": "out", "to": "+12025550143", "from": "+12025550100",
    "message": "Your order 1001 is on its way.", "status": "", "error": None, "wa_message_id": "3EB05D1F0A4C7E92B6D380",
    "created_at": _AT, "updated_at": _AT, "idempotency_key": "order-1001",
}  # fmt: skip
_SESSION = {
    "session": "default", "status": "", "reason": None, "engine": "webjs", "network": "live", "phone": "+12025550100",
    "push_name": "Corner Shop", "since": _AT, "observed_at": _AT, "qr_expires_at": None, "pairing_code": None,
}  # fmt: skip
_NOT_LINKED = {"phone": None, "push_name": None}


@dataclass(frozen=True)
class Event:
    """`data` is the message or session object as the HTTP API shows it; `user_id` whom it concerns."""

    user_id: str
    data: dict[str, Any]

    type: ClassVar[str] = ""
    words: ClassVar[str] = ""
    """For people who choose what they want to hear of."""
    version: ClassVar[int] = 1
    push: ClassVar[str] = ""
    """The Socket.IO event that carries it."""
    sample_data: ClassVar[dict[str, Any]] = {}
    """Where the sample differs from that of its kind."""

    def __init_subclass__(cls) -> None:
        REGISTRY[cls.type] = cls

    @classmethod
    def schema(cls) -> dict[str, Any]:
        """JSON schema (2020-12) of the whole body."""
        model = MessageData if cls.push == "message" else SessionData
        data = model.model_json_schema(by_alias=True)
        definitions = data.pop("$defs", {})
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": cls.type,
            "description": cls.__doc__,
            "type": "object",
            "required": ["type", "timestamp", "data"],
            "properties": {"type": {"const": cls.type}, "timestamp": {"type": "string", "format": "date-time"}, "data": data},
            "$defs": definitions,
        }

    @classmethod
    def sample(cls) -> dict[str, Any]:
        """A whole body, as a receiver may get it."""
        kind = {**_MESSAGE} if cls.push == "message" else {**_SESSION}
        data = {**kind, "status": cls.type.partition(".")[2], **cls.sample_data}
        return body(cls.type, _AT, data)


def body(event_type: str, timestamp: str, data: dict[str, Any]) -> dict[str, Any]:
    """What leaves; `timestamp` is when it happened, RFC 3339."""
    return {"type": event_type, "timestamp": timestamp, "data": data}


@dataclass(frozen=True)
class SessionQr(Event):
    """A new QR code is waiting to be scanned; `GET /api/whatsapp/qr` gives it, as text and picture."""

    type = "session.qr"
    words = N_("A new QR code is waiting to be scanned")
    push = "session"
    sample_data: ClassVar[dict[str, Any]] = {**_NOT_LINKED, "qr_expires_at": "2026-01-31T12:00:20.000Z"}


@dataclass(frozen=True)
class SessionConnected(Event):
    """WhatsApp is connected, observed by a heartbeat."""

    type = "session.connected"
    words = N_("WhatsApp is connected")
    push = "session"


@dataclass(frozen=True)
class SessionDisconnected(Event):
    """The session is off: logged out, unlinked on the phone, or its code was left unscanned."""

    type = "session.disconnected"
    words = N_("The session is off: logged out, unlinked, or its code was left unscanned")
    push = "session"
    sample_data: ClassVar[dict[str, Any]] = {
        **_NOT_LINKED,
        "reason": {"code": "unlinked_on_phone", "text": "The device was removed on the phone."},
    }


@dataclass(frozen=True)
class SessionFailed(Event):
    """The session can't go on by itself; `data.reason` says why and what to do."""

    type = "session.failed"
    words = N_("The session can't go on by itself")
    push = "session"
    sample_data: ClassVar[dict[str, Any]] = {"reason": {"code": "opened_elsewhere", "text": "WhatsApp Web was opened elsewhere."}}


@dataclass(frozen=True)
class SessionStatus(Event):
    """Any other change of a session's status."""

    type = "session.status"
    words = N_("Any other change of a session's status")
    push = "session"
    sample_data: ClassVar[dict[str, Any]] = {
        "status": "reconnecting",
        "reason": {"code": "connection_lost", "text": "The connection was lost."},
    }


@dataclass(frozen=True)
class MessageScheduled(Event):
    """Accepted, and stored until its time comes."""

    type = "message.scheduled"
    words = N_("Accepted; it waits for its time")
    push = "message"
    sample_data: ClassVar[dict[str, Any]] = {"wa_message_id": None, "send_at": "2026-01-31T18:00:00.000Z"}


@dataclass(frozen=True)
class MessageQueued(Event):
    """Accepted, and stored until it is sent."""

    type = "message.queued"
    words = N_("Accepted; it will be sent")
    push = "message"
    sample_data: ClassVar[dict[str, Any]] = {"wa_message_id": None}


@dataclass(frozen=True)
class MessageSending(Event):
    """Being handed over to WhatsApp."""

    type = "message.sending"
    words = N_("Being handed over to WhatsApp")
    push = "message"


@dataclass(frozen=True)
class MessageSent(Event):
    """WhatsApp's server has it (one tick)."""

    type = "message.sent"
    words = N_("WhatsApp's server has it (one tick)")
    push = "message"


@dataclass(frozen=True)
class MessageDelivered(Event):
    """It reached the recipient's device (two ticks)."""

    type = "message.delivered"
    words = N_("It reached the recipient's device (two ticks)")
    push = "message"


@dataclass(frozen=True)
class MessageRead(Event):
    """The recipient has seen it (blue ticks)."""

    type = "message.read"
    words = N_("The recipient has seen it (blue ticks)")
    push = "message"


@dataclass(frozen=True)
class MessageFailed(Event):
    """It will not be sent; `data.error` says why."""

    type = "message.failed"
    words = N_("It will not be sent")
    push = "message"
    sample_data: ClassVar[dict[str, Any]] = {"error": {"code": "not_on_whatsapp", "text": "This number is not on WhatsApp."}}


@dataclass(frozen=True)
class MessageUnknown(Event):
    """A process died during the hand-over; whether it went out is being looked up."""

    type = "message.unknown"
    words = N_("Whether it went out is being looked up")
    push = "message"


@dataclass(frozen=True)
class MessageCancelled(Event):
    """Taken back before it was sent."""

    type = "message.cancelled"
    words = N_("Taken back before it was sent")
    push = "message"
    sample_data: ClassVar[dict[str, Any]] = {"wa_message_id": None}


@dataclass(frozen=True)
class MessageReceived(Event):
    """Somebody wrote to the linked number."""

    type = "message.received"
    words = N_("Somebody wrote to the linked number")
    push = "message"
    sample_data: ClassVar[dict[str, Any]] = {
        "direction": "in", "to": "+12025550100", "from": "+12025550143", "message": "Thank you!", "idempotency_key": None,
        "wa_message_id": "3A5D1F0A4C7E92B6D380", "kind": "text", "push_name": "Jo", "lid": "240652728112270@lid", "origin": None,
        "quoted": {
            "wa_message_id": "3EB05D1F0A4C7E92B6D380", "body": "Your order 1001 is on its way.", "kind": "text", "from_me": True,
        },
        "media": None, "recovered": False,
    }  # fmt: skip
