"""/api/auth: register, log in, who am I, log out."""

from __future__ import annotations

from typing import Annotated, Any

from flask import request
from pydantic import Field

from ...services import present
from ...services.identity import TOKEN_LIFETIME
from ...store.records import User
from .._answers import answers
from .._context import services
from .._limits import limits, login_attempt
from .._shapes.accounts import LoggedIn, Me
from . import bp
from ._request import Body, body, caller, needs


class Register(Body):
    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=1024)]
    name: Annotated[str, Field(max_length=100)] = ""


class Login(Body):
    email: Annotated[str, Field(max_length=320)]
    password: Annotated[str, Field(max_length=1024)]
    otp: Annotated[str, Field(max_length=20)] | None = None


@bp.post("/auth/register")
@answers(
    {201: LoggedIn},
    ["registration_closed", "email_taken", "rate_limited", "unavailable"],
    example={"email": "ann@example.com", "password": "correct horse battery", "name": "Ann"},
)
def register() -> tuple[dict[str, Any], int]:
    """Register an account. If the address has to be confirmed first, `token` is null."""
    limits().register()
    asked = body(Register)
    user = services().accounts.register(asked.email, asked.password, asked.name)
    if services().accounts.must_confirm(user):
        return {"token": None, "token_type": "bearer", "expires_in": 0, "user": present.user(user)}, 201
    return _logged_in(user), 201


@bp.post("/auth/login")
@answers(
    {200: LoggedIn},
    ["invalid_credentials", "otp_required", "invalid_otp", "email_unconfirmed", "rate_limited"],
    example={"email": "ann@example.com", "password": "correct horse battery"},
)
def login() -> dict[str, Any]:
    """Log in. The token is valid for a day, or until it is ended."""
    asked = body(Login)
    with login_attempt(asked.email):
        user = services().accounts.authenticate(asked.email, asked.password)
        services().second_factor.check(user, asked.otp)
    return _logged_in(user)


@bp.get("/auth/me")
@needs(login=True)
@answers({200: Me})
def me() -> dict[str, Any]:
    """Who am I?"""
    return {"user": present.user(caller().user)}


@bp.post("/auth/logout")
@needs(login=True)
@answers({204: None})
def logout() -> tuple[str, int]:
    """Log out. The token is invalid once this is answered."""
    services().identity.end_login(caller().login_id or "")
    return "", 204


def _logged_in(user: User) -> dict[str, Any]:
    identity = services().identity
    opened = identity.open_login(user, "api", user_agent=request.headers.get("User-Agent", ""), address=request.remote_addr or "")
    return {
        "token": identity.token_for(user, opened),
        "token_type": "bearer",
        "expires_in": int(TOKEN_LIFETIME.total_seconds()),
        "user": present.user(user),
    }
