"""/api/whatsapp: start, watch and end WhatsApp sessions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field

from ...lib import qr as pictures
from ...lib.clock import to_rfc3339
from ...services import present
from ...services.sessions import DEFAULT, StartOrder
from .._context import request_id, services
from . import bp
from ._request import Body, body, caller, needs, query

Name = Annotated[str, Field(min_length=1, max_length=100)]


class Initialize(Body):
    session: Name = DEFAULT
    engine: Annotated[str, Field(max_length=31)] | None = None
    network: Literal["live", "sandbox"] | None = None
    method: Literal["qr", "code"] = "qr"
    phone: Annotated[str, Field(max_length=64)] | None = None


class Disconnect(Body):
    session: Name = DEFAULT


class SwitchEngine(Body):
    session: Name = DEFAULT
    engine: Annotated[str, Field(max_length=31)]


class SessionQuery(Body):
    session: Name = DEFAULT


class QrQuery(SessionQuery):
    format: Literal["json", "png", "svg"] = "json"


@bp.post("/whatsapp/initialize")
@needs("manage")
def initialize() -> tuple[dict[str, Any], int]:
    order = StartOrder(**body(Initialize).model_dump())
    return present.session(services().sessions.initialize(caller().user.id, order, request_id())), 202


@bp.get("/whatsapp/status")
@needs("read")
def status() -> dict[str, Any]:
    return present.session(services().sessions.status(caller().user.id, query(SessionQuery).session))


@bp.get("/whatsapp/qr")
@needs("manage")
def qr() -> Any:
    asked = query(QrQuery)
    session = services().sessions.qr(caller().user.id, asked.session)
    text = session.qr or ""
    if asked.format == "png":
        return Response(pictures.png(text), mimetype="image/png")
    if asked.format == "svg":
        return Response(pictures.svg(text), mimetype="image/svg+xml")
    expires_at = to_rfc3339(session.qr_expires_at) if session.qr_expires_at else None
    return {
        "session": session.name, "status": "qr", "qr": text, "image": pictures.data_uri(text), "expires_at": expires_at,
    }  # fmt: skip


@bp.post("/whatsapp/disconnect")
@needs("manage")
def disconnect() -> dict[str, Any]:
    return present.session(services().sessions.disconnect(caller().user.id, body(Disconnect).session, request_id()))


@bp.post("/whatsapp/engine")
@needs("manage")
def engine() -> tuple[dict[str, Any], int]:
    """Switch a session to another engine. It is logged out, and shows a new code to scan with the same phone; what waits to be
    sent goes on waiting, and new messages are taken in meanwhile."""
    asked = body(SwitchEngine)
    switched = services().sessions.switch_engine(caller().user.id, asked.session, asked.engine, request_id())
    return present.session(switched), 202


@bp.get("/whatsapp/sessions")
@needs("read")
def sessions() -> dict[str, Any]:
    found = services().sessions.of_user(caller().user.id)
    return {"items": [present.session(one) for one in found], "next_cursor": None}


@bp.delete("/whatsapp/sessions/<name>")
@needs("manage")
def delete_session(name: str) -> tuple[str, int]:
    services().sessions.delete(caller().user.id, name, request_id())
    return "", 204
