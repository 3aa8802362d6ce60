"""Every event wabot tells the outside: one documented dataclass an event, in one registry.

Socket.IO, webhooks, the docs and the pages' check-boxes read `REGISTRY`; adding an event is adding a class here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

REGISTRY: dict[str, type[Event]] = {}


@dataclass(frozen=True)
class Event:
    """`data` is the message or session object as the HTTP API shows it; `user_id` whom it concerns."""

    user_id: str
    data: dict[str, Any]

    type: ClassVar[str] = ""
    push: ClassVar[str] = ""
    """The Socket.IO event that carries it."""

    def __init_subclass__(cls) -> None:
        REGISTRY[cls.type] = cls


@dataclass(frozen=True)
class SessionQr(Event):
    """A new QR code is waiting to be scanned."""

    type = "session.qr"
    push = "session"


@dataclass(frozen=True)
class SessionConnected(Event):
    """WhatsApp is connected, observed by a heartbeat."""

    type = "session.connected"
    push = "session"


@dataclass(frozen=True)
class SessionDisconnected(Event):
    """The session is off: logged out, unlinked on the phone, or its code was left unscanned."""

    type = "session.disconnected"
    push = "session"


@dataclass(frozen=True)
class SessionFailed(Event):
    """The session can't go on by itself; `data.reason` says why and what to do."""

    type = "session.failed"
    push = "session"


@dataclass(frozen=True)
class SessionStatus(Event):
    """Any other change of a session's status."""

    type = "session.status"
    push = "session"


@dataclass(frozen=True)
class MessageScheduled(Event):
    """Accepted and stored; it waits for its time."""

    type = "message.scheduled"
    push = "message"


@dataclass(frozen=True)
class MessageQueued(Event):
    """Accepted and stored; it will be sent."""

    type = "message.queued"
    push = "message"


@dataclass(frozen=True)
class MessageSending(Event):
    """Being handed over to WhatsApp."""

    type = "message.sending"
    push = "message"


@dataclass(frozen=True)
class MessageSent(Event):
    """WhatsApp's server has it (one tick)."""

    type = "message.sent"
    push = "message"


@dataclass(frozen=True)
class MessageDelivered(Event):
    """It reached the recipient's device (two ticks)."""

    type = "message.delivered"
    push = "message"


@dataclass(frozen=True)
class MessageRead(Event):
    """The recipient has seen it (blue ticks)."""

    type = "message.read"
    push = "message"


@dataclass(frozen=True)
class MessageFailed(Event):
    """It will not be sent; `data.error` says why."""

    type = "message.failed"
    push = "message"


@dataclass(frozen=True)
class MessageUnknown(Event):
    """A process died during the hand-over; whether it went out is being looked up."""

    type = "message.unknown"
    push = "message"


@dataclass(frozen=True)
class MessageCancelled(Event):
    """Taken back before it was sent."""

    type = "message.cancelled"
    push = "message"


@dataclass(frozen=True)
class MessageReceived(Event):
    """Somebody wrote to the linked number."""

    type = "message.received"
    push = "message"
