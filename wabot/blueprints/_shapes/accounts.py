"""Users, logins and API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from . import Shape


class User(Shape):
    id: str
    email: str
    name: str
    role: Literal["user", "admin"]


class Me(Shape):
    user: User


class LoggedIn(Shape):
    token: str | None = Field(examples=["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI2OTdkIn0.c2lnbmF0dXJl"])
    """Send it as `Authorization: Bearer …`. Null if the address has to be confirmed first."""
    token_type: Literal["bearer"]
    expires_in: int
    """Seconds."""
    user: User


class Accepted(Shape):
    """This is answered whether the address is known or not."""

    status: Literal["accepted"]


class Changed(Shape):
    status: Literal["changed"]


class Confirmed(Shape):
    status: Literal["confirmed"]


class ApiKey(Shape):
    id: str
    name: str = Field(examples=["Shop backend"])
    prefix: str = Field(examples=["k3x9a7q2"])
    """The first characters of the key, after `wb_`: enough to recognise it by."""
    scopes: list[Literal["send", "read", "manage"]]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class NewApiKey(ApiKey):
    key: str = Field(examples=["wb_k3x9a7q2_Vq1m…"])
    """The key itself, which is shown only now."""


class UserLimits(Shape):
    """A user's individual numbers; for those left out, the common numbers apply."""

    send_per_minute: int | None = None
    send_per_day: int | None = None
    api_per_minute: int | None = None


class ManagedUser(User):
    """The user object, and what only administrators see."""

    disabled: bool
    invited: bool
    """Invited, and has not chosen a password yet."""
    erasing: bool
    """Deleted: the account is locked, and its data is being erased."""
    second_factor: bool
    limits: UserLimits | None
    created_at: datetime
