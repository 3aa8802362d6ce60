"""/api/auth: forgotten passwords, and confirming addresses. The answers never tell whether an address is known."""

from __future__ import annotations

from typing import Annotated

from flask import request
from pydantic import Field

from .._answers import answers
from .._context import live, services
from .._limits import limits
from .._shapes.accounts import Accepted, Changed, Confirmed
from . import bp
from ._request import Body, body


class Forgot(Body):
    email: Annotated[str, Field(max_length=320)]


class Reset(Body):
    token: Annotated[str, Field(max_length=2000)]
    password: Annotated[str, Field(max_length=1024)]


class Confirm(Body):
    token: Annotated[str, Field(max_length=2000)]


@bp.post("/auth/forgot-password")
@answers({202: Accepted}, ["rate_limited", "unavailable"], example={"email": "ann@example.com"})
def forgot_password() -> tuple[dict[str, str], int]:
    """Request a link to choose a new password. The answer never tells whether the address is known."""
    limits().forgot()
    services().recovery.forgot(body(Forgot).email)
    return {"status": "accepted"}, 202


@bp.post("/auth/reset-password")
@answers({200: Changed}, [(400, "invalid_token")], example={"token": "…", "password": "another horse battery"})
def reset_password() -> dict[str, str]:
    """Choose a new password with the link's token. It works once, within an hour. All logins and tokens end; API keys stay valid."""
    asked = body(Reset)
    services().recovery.reset(asked.token, asked.password, request.remote_addr or "")
    live().logins_ended()
    return {"status": "changed"}


@bp.post("/auth/send-confirmation")
@answers({202: Accepted}, ["rate_limited", "unavailable"], example={"email": "ann@example.com"})
def send_confirmation() -> tuple[dict[str, str], int]:
    """Request another mail to confirm an address."""
    limits().forgot()
    services().addresses.send_again(body(Forgot).email)
    return {"status": "accepted"}, 202


@bp.post("/auth/confirm-address")
@answers({200: Confirmed}, [(400, "invalid_token"), "email_taken"], example={"token": "…"})
def confirm_address() -> dict[str, str]:
    """Confirm an address with the link's token."""
    services().addresses.confirm(body(Confirm).token, request.remote_addr or "")
    return {"status": "confirmed"}
