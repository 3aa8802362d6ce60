"""Messages, chats, and a user's own events."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from . import Reason, Shape

Status = Literal[
    "scheduled", "queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "unknown", "received"
]  # fmt: skip


class Media(Shape):
    """The file of a message."""

    status: Literal["pending", "stored", "failed"]
    error: str | None
    """With `failed`: why."""
    mimetype: str | None
    """What its sender says it is."""
    type: str | None
    """What it really is, where a browser may show it."""
    filename: str | None
    size: int | None
    """Bytes."""
    url: str
    """Where to get it, with a credential."""


class Quoted(Shape):
    """The message that this one answers."""

    wa_message_id: str | None = None
    body: str | None = None
    kind: str | None = None
    from_me: bool | None = None


class Message(Shape):
    """A message in or out."""

    id: str
    session: str = Field(examples=["default"])
    direction: Literal["in", "out"] = Field(examples=["out"])
    to: str | None = Field(examples=["+12025550143"])
    from_: str | None = Field(alias="from", examples=["+12025550100"])
    message: str = Field(examples=["Your order is on its way."])
    status: Status = Field(examples=["sent"])
    error: Reason | None = Field(examples=[None])
    """With `failed`: why."""
    wa_message_id: str | None = Field(examples=["3EB05D1F0A4C7E92B6D380"])
    """WhatsApp's own id, once it was handed over."""
    created_at: datetime
    updated_at: datetime
    idempotency_key: str | None = Field(examples=["order-1001"])
    send_at: datetime | None = None
    """If it was scheduled: the earliest time to send it."""
    kind: str | None = None
    """For messages that came in or were written on the phone: `text`, `image`, `document`, `audio`, `ptt`, `video`, `sticker` …"""
    push_name: str | None = None
    """The name its sender chose."""
    lid: str | None = None
    """The LID, WhatsApp's second kind of address for a person."""
    origin: Literal["phone"] | None = None
    """`phone`: written on the phone by the account's owner."""
    quoted: Quoted | None = None
    media: Media | None = None
    recovered: bool | None = None
    """It came in while a process was down, and was found afterwards."""


class Step(Shape):
    """One entry of a timeline."""

    status: Status = Field(examples=["queued"])
    at: datetime
    detail: str | None = None
    """What it waited for, or how an attempt ended."""


class MessageWithTimeline(Message):
    timeline: list[Step]
    """Oldest first. It begins with `queued` or `scheduled`; for incoming messages, with `received`."""


class Wait(Reason):
    """Why a message would wait, and until when about."""

    code: str = Field(examples=["pacing"])
    until: datetime | None


class Outlook(Shape):
    """What would become of a message now."""

    to: str = Field(examples=["+12025550143"])
    """The number as it is read."""
    session: str = Field(examples=["default"])
    on_whatsapp: bool
    """Whether WhatsApp knows the number, as it said when it was asked last."""
    waits: Wait | None = Field(examples=[None])
    """What the message would wait for if it were sent now; null: nothing."""


class Sent(Shape):
    success: Literal[True]
    id: str
    status: Status = Field(examples=["sent"])
    to: str = Field(examples=["+12025550143"])


class Chat(Shape):
    """One conversation of one session."""

    id: str
    session: str = Field(examples=["default"])
    network: Literal["live", "sandbox"]
    phone: str | None = Field(examples=["+12025550143"])
    lid: str | None
    name: str | None = Field(examples=["Ann"])
    last_message: Message | None
    unread: int


class ToldEvent(Shape):
    """An event as webhooks deliver it."""

    id: str
    """The `webhook-id`."""
    type: str = Field(examples=["message.delivered"])
    at: datetime
    session: str = Field(examples=["default"])
    payload: str
    """The body of the webhook, as text."""
    cursor: str


class EventPage(Shape):
    items: list[ToldEvent]
    """May be empty: nothing has happened (yet)."""
    next_cursor: str = Field(examples=["6b09ce3b748312ce9899946c"])
    """Where to go on from: pass it as `cursor` in the next call, however long after. It is never null, since events go on."""


class EventKind(Shape):
    """One kind of event."""

    type: str = Field(examples=["message.delivered"])
    description: str
    version: int
    """Rises when a field is removed or changes its meaning."""
    schema_: dict[str, Any] = Field(alias="schema")
    """JSON schema (2020-12) of the whole body."""
    sample: dict[str, Any]
