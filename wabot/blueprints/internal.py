"""/internal: what our own processes tell the web process, on loopback with a shared secret (docs/internals.md)."""

from __future__ import annotations

import hmac
import re
from typing import Annotated, Any

from flask import Blueprint, request
from pydantic import BaseModel, Field

from ..errors import NotFound, Unauthenticated
from ..services.publishing import Push
from ._context import live, services
from .api._request import check

bp = Blueprint("internal", __name__, url_prefix="/internal")
_FORWARDED = re.compile(r"x-forwarded-.*|x-original-.*|x-real-ip|forwarded|via|(true|cf)-client-ip|cf-.*", re.I)
"""What proxies add: a request with one of these came from outside."""
_LOOPBACK = ("127.", "::1", "::ffff:127.")


def from_this_machine() -> bool:
    """Asked on loopback, and not through a proxy that runs here."""
    proxied = any(_FORWARDED.fullmatch(name) for name, _ in request.headers)
    return not proxied and (request.remote_addr or "").startswith(_LOOPBACK)


class Events(BaseModel):
    events: Annotated[list[Any], Field(max_length=100)]


class PushBody(BaseModel):
    user_id: str
    event: Annotated[str, Field(max_length=64)]
    data: dict[str, Any]


class Pushes(BaseModel):
    pushes: Annotated[list[PushBody], Field(max_length=100)]


@bp.before_request
def _only_ours() -> None:
    """Raises NotFound for what came through a proxy or from elsewhere, Unauthenticated without the secret."""
    if not from_this_machine():
        raise NotFound
    given = request.headers.get("Authorization", "").encode()
    expected = f"Bearer {services().settings.secret('internal_secret')}".encode()
    if not hmac.compare_digest(given, expected):
        raise Unauthenticated("The internal secret is missing or wrong.")


@bp.post("/events")
def events() -> dict[str, int]:
    """Durable and applied when this is answered; otherwise the gateway sends them again."""
    asked = check(Events, request.get_json(), strict=False)
    return {"stored": services().ingest.apply(asked.events)}


@bp.post("/push")
def push() -> tuple[str, int]:
    asked = check(Pushes, request.get_json(), strict=False)
    live().publish([Push(one.user_id, one.event, one.data) for one in asked.pushes])
    return "", 204
