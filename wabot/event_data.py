"""What events carry: the models that their schemas are made from."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Reason(BaseModel):
    """A stable code to switch on, and words for people."""

    code: str
    text: str


class Quoted(BaseModel):
    """The message that is answered; `body` are its first 500 characters."""

    wa_message_id: str
    body: str
    kind: str
    from_me: bool | None


class Media(BaseModel):
    """A file. It is fetched after the event was told, so `status` is `pending` here; `url` gives it, with an API key."""

    status: Literal["pending", "stored", "failed"]
    error: str | None
    mimetype: str | None
    type: str | None
    filename: str | None
    size: int | None
    url: str


class MessageData(BaseModel):
    """The message object of the HTTP API. `status` is the one this event is about. From `kind` on only where WhatsApp told of
    the message: those that came in, and those written on the phone (`origin` `phone`)."""

    model_config = ConfigDict(extra="allow")

    id: str
    session: str
    direction: Literal["in", "out"]
    to: str | None
    from_: str | None = Field(alias="from")
    message: str
    status: str
    error: Reason | None
    wa_message_id: str | None
    created_at: datetime
    updated_at: datetime
    idempotency_key: str | None
    send_at: datetime | None = None
    kind: str = "text"
    push_name: str | None = None
    lid: str | None = None
    origin: Literal["phone"] | None = None
    quoted: Quoted | None = None
    media: Media | None = None
    recovered: bool = False


class SessionData(BaseModel):
    """The session object of the HTTP API, as it was at that moment. `pairing_code` is always null here: what links a phone
    is fetched with a credential (`GET /api/whatsapp/qr`), not sent around."""

    model_config = ConfigDict(extra="allow")

    session: str
    status: str
    reason: Reason | None
    engine: str
    network: Literal["live", "sandbox"]
    phone: str | None
    push_name: str | None
    since: datetime | None
    observed_at: datetime | None
    qr_expires_at: datetime | None
    pairing_code: None
