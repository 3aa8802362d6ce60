"""/api/auth: a forgotten password, and addresses to be confirmed. What these answer never tells whether an address is known."""

from __future__ import annotations

from typing import Annotated

from flask import request
from pydantic import Field

from .._context import live, services
from .._limits import limits
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
def forgot_password() -> tuple[dict[str, str], int]:
    limits().forgot()
    services().recovery.forgot(body(Forgot).email)
    return {"status": "accepted"}, 202


@bp.post("/auth/reset-password")
def reset_password() -> dict[str, str]:
    asked = body(Reset)
    services().recovery.reset(asked.token, asked.password, request.remote_addr or "")
    live().logins_ended()
    return {"status": "changed"}


@bp.post("/auth/send-confirmation")
def send_confirmation() -> tuple[dict[str, str], int]:
    limits().forgot()
    services().addresses.send_again(body(Forgot).email)
    return {"status": "accepted"}, 202


@bp.post("/auth/confirm-address")
def confirm_address() -> dict[str, str]:
    services().addresses.confirm(body(Confirm).token, request.remote_addr or "")
    return {"status": "confirmed"}
