"""Telling whoever watches: pushes to a user's open pages and waiting calls. Never durable, never in the way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from ..events import REGISTRY, Event, SessionStatus
from ..lib import qr
from ..lib.clock import to_rfc3339
from ..store.records import Chat, Message, Session
from . import present

_SESSION_EVENTS = {
    "qr": "session.qr",
    "connected": "session.connected",
    "disconnected": "session.disconnected",
    "failed": "session.failed",
}


@dataclass(frozen=True)
class Push:
    """`event` is the Socket.IO event's name, `data` its argument."""

    user_id: str
    event: str
    data: dict[str, Any]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Publisher(Protocol):
    def watches(self, user_id: str, /) -> bool:
        """False when nobody would see what is published for this user just now: it needn't be made."""

    def publish(self, pushes: Sequence[Push]) -> None:
        """Must not raise and must not block for long."""


def event_of_message(message: Message) -> Event:
    return REGISTRY[f"message.{message.status}"](user_id=message.user_id, data=present.message(message))


def event_of_session(session: Session) -> Event:
    kind = REGISTRY.get(_SESSION_EVENTS.get(session.status, ""), SessionStatus)
    return kind(user_id=session.user_id, data=present.session(session))


def pushes_of_message(message: Message) -> list[Push]:
    event = event_of_message(message)
    return [Push(event.user_id, event.push, event.data)]


def pushes_of_media(message: Message) -> list[Push]:
    """The file of a message is here, or it is known why not. For pages only: no state of the message has changed."""
    return [Push(message.user_id, "message", present.message(message))]


def pushes_of_chat(chat: Chat) -> list[Push]:
    """What is unread in a chat has changed, or who it is with. For pages only."""
    return [Push(chat.user_id, "chat", present.chat(chat))]


def pushes_of_session(session: Session) -> list[Push]:
    """The session object and, while one is shown, its QR as a picture."""
    event = event_of_session(session)
    pushes = [Push(event.user_id, event.push, event.data)]
    if session.status == "qr" and session.qr and session.qr_expires_at:
        shown = {"session": session.name, "svg": qr.svg(session.qr), "expires_at": to_rfc3339(session.qr_expires_at)}
        pushes.append(Push(session.user_id, "qr", shown))
    return pushes
