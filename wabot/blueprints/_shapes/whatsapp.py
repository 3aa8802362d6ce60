"""WhatsApp sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from . import Reason, Shape

Status = Literal["disconnected", "starting", "qr", "pairing", "authenticating", "connected", "reconnecting", "failed"]


class Session(Shape):
    """A WhatsApp session, as it was last observed."""

    session: str = Field(examples=["default"])
    """Its name."""
    status: Status = Field(examples=["connected"])
    """`connected` is claimed only while a heartbeat proves it."""
    reason: Reason | None = Field(examples=[None])
    engine: str = Field(examples=["webjs"])
    network: Literal["live", "sandbox"]
    phone: str | None = Field(examples=["+12025550100"])
    """The linked number."""
    push_name: str | None = Field(examples=["Corner Shop"])
    """The name others see."""
    since: datetime | None
    """When this status was entered."""
    observed_at: datetime | None
    """When this was last observed."""
    qr_expires_at: datetime | None = Field(examples=[None])
    pairing_code: str | None = Field(examples=[None])
    """The code to type on the phone, while `pairing`."""


class QrCode(Shape):
    session: str = Field(examples=["default"])
    status: Literal["qr"]
    qr: str
    """The text to draw as a QR code."""
    image: str = Field(examples=["data:image/png;base64,iVBORw0KGgo…"])
    """The same as a picture, as a data URI."""
    expires_at: datetime | None


class Owner(Shape):
    id: str
    email: str
    """`deleted` where the account is gone."""


class ManagedSession(Session):
    """The session object, and what only administrators see."""

    id: str
    user: Owner
    memory_mb: float | None
    """How much memory its browser takes."""
    restarts: int
    last_error: str | None
    web_version: str | None
    """The version of WhatsApp Web in use."""
    missing: list[str]
    """Which of the engine's abilities this version lacks."""
