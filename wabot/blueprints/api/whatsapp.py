"""/api/whatsapp: start, watch and end WhatsApp sessions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from flask import Response
from pydantic import Field

from ...lib import qr as pictures
from ...lib.clock import optional_rfc3339
from ...services import present
from ...services.sessions import DEFAULT, StartOrder
from .._answers import answers
from .._context import request_id, services
from .._shapes import Items
from .._shapes.whatsapp import QrCode, Session
from . import bp
from ._request import Body, ListQuery, body, caller, needs, query

Name = Annotated[str, Field(min_length=1, max_length=100)]


class Initialize(Body):
    session: Name = DEFAULT
    engine: Annotated[str, Field(max_length=31)] | None = None
    """The engine that drives it; see /docs/engines."""
    network: Literal["live", "sandbox"] | None = None
    """`live` is WhatsApp itself, `sandbox` its stand-in with virtual phones."""
    method: Literal["qr", "code"] = "qr"
    """Link by a QR code, or by a pairing code that is typed on the phone."""
    phone: Annotated[str, Field(max_length=64)] | None = None
    """With `code`: the number to link."""


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
@answers(
    {202: Session},
    ["session_linked", "too_many_sessions", "invalid_number", "gateway_unavailable"],
    example={"session": "default", "network": "sandbox"},
)
def initialize() -> tuple[dict[str, Any], int]:
    """Start a session. Its status becomes `qr`, or `pairing` with `"method": "code"` and a `phone`, until it is linked. A session
    that is linked already connects. Calling this again does no harm."""
    order = StartOrder(**body(Initialize).model_dump())
    return present.session(services().sessions.initialize(caller().user.id, order, request_id())), 202


@bp.get("/whatsapp/status")
@needs("read")
@answers({200: Session}, ["not_found"])
def status() -> dict[str, Any]:
    """Get a session's status, as it was last observed."""
    return present.session(services().sessions.status(caller().user.id, query(SessionQuery).session))


@bp.get("/whatsapp/qr")
@needs("manage")
@answers({200: (QrCode, "image/png", "image/svg+xml")}, ["qr_not_available", "not_found"], example={"session": "default"})
def qr() -> Any:
    """Get the QR code to scan, as text and picture. With `format`, only the picture."""
    asked = query(QrQuery)
    session = services().sessions.qr(caller().user.id, asked.session)
    text = session.qr or ""
    if asked.format == "png":
        return Response(pictures.png(text), mimetype="image/png")
    if asked.format == "svg":
        return Response(pictures.svg(text), mimetype="image/svg+xml")
    expires_at = optional_rfc3339(session.qr_expires_at)
    return {
        "session": session.name, "status": "qr", "qr": text, "image": pictures.data_uri(text), "expires_at": expires_at,
    }  # fmt: skip


@bp.post("/whatsapp/disconnect")
@needs("manage")
@answers({200: Session}, ["gateway_unavailable", "not_found"], example={"session": "default"})
def disconnect() -> dict[str, Any]:
    """Log out of WhatsApp. This is answered once the browser has ended and its profile is wiped."""
    return present.session(services().sessions.disconnect(caller().user.id, body(Disconnect).session, request_id()))


@bp.post("/whatsapp/engine")
@needs("manage")
@answers({202: Session}, ["not_found", "gateway_unavailable"], example={"session": "default", "engine": "baileys"})
def switch_engine() -> tuple[dict[str, Any], int]:
    """Switch a session to another engine. It is logged out, and shows a new code to scan with the same phone. Waiting messages go
    on waiting, and new ones are accepted meanwhile."""
    asked = body(SwitchEngine)
    switched = services().sessions.switch_engine(caller().user.id, asked.session, asked.engine, request_id())
    return present.session(switched), 202


@bp.get("/whatsapp/sessions")
@needs("read")
@answers({200: Items[Session]})
def sessions() -> dict[str, Any]:
    """List your sessions by name."""
    asked = query(ListQuery)
    found = services().sessions.of_user(caller().user.id)
    return asked.page([present.session(one) for one in found], "session")


@bp.delete("/whatsapp/sessions/<name>")
@needs("manage")
@answers({204: None}, ["gateway_unavailable"])
def delete_session(name: str) -> tuple[str, int]:
    """Log out of WhatsApp, and delete the session."""
    services().sessions.delete(caller().user.id, name, request_id())
    return "", 204
