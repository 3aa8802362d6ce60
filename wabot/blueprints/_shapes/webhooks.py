"""Webhook endpoints and their deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from . import Shape


class Webhook(Shape):
    """An endpoint: where events go."""

    id: str
    url: str = Field(examples=["https://shop.example.com/hooks/wabot"])
    events: list[str] = Field(examples=[["message.received", "message.failed"]])
    """Names of events, or `*` for all."""
    enabled: bool
    description: str
    sessions: list[str]
    """Only events of these; empty for all."""
    headers: dict[str, str]
    """Your own headers, their values masked."""
    status: Literal["working", "failing", "disabled"]
    disabled_reason: str | None
    disabled_at: datetime | None
    failing_since: datetime | None
    last_success_at: datetime | None
    replaying: bool
    """Past events are being sent again."""
    created_at: datetime
    updated_at: datetime
    secret: str | None = Field(default=None, examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
    """What the signature is made with; only in the answer that made or changed it."""


class Attempt(Shape):
    """One call of the endpoint."""

    at: datetime
    status_code: int | None = Field(examples=[200])
    """Null where nobody answered."""
    duration_ms: int
    error: str | None
    """Null where it was delivered."""
    response: str
    """The beginning of what the endpoint answered, 1 KiB at most."""


class Delivery(Shape):
    """One event on its way to one endpoint."""

    id: str
    event: str = Field(examples=["message.received"])
    event_id: str = Field(examples=["evt_697df4c0a1b2c3d4e5f60718"])
    """The `webhook-id`, the same at every attempt."""
    session: str = Field(examples=["default"])
    status: Literal["pending", "delivered", "failed"]
    created_at: datetime
    next_attempt_at: datetime | None
    attempts: list[Attempt]


class Request(Shape):
    """The request as it is made; the signature is that of an attempt made now."""

    url: str
    headers: dict[str, str]
    body: str


class DeliveryInFull(Delivery):
    request: Request | None
    """Null where the event is no longer kept."""
