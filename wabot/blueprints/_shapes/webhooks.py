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
    """Only events of these sessions; empty for all."""
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
    """The secret that requests are signed with; only in the answer to the call that made or changed it."""


class Attempt(Shape):
    """One call of the endpoint."""

    at: datetime
    status_code: int | None = Field(examples=[200])
    """Null if nobody answered."""
    duration_ms: int
    error: str | None
    """Null if it was delivered."""
    response: str
    """The beginning of the endpoint's answer, at most 1 KiB."""


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
    """The request as it would be made now, with its signature."""

    url: str
    headers: dict[str, str]
    body: str


class DeliveryInFull(Delivery):
    request: Request | None
    """Null if the event is no longer kept."""
