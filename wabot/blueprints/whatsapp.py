"""Page: connect a WhatsApp account; the QR and the status change live."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup

from ..errors import WabotError
from ..lib import qr
from ..plugins import NavItem
from ..services import present
from ..services.sessions import DEFAULT, StartOrder
from ..store.records import Session
from ._context import login_required, page_user, request_id, services
from ._forms import field

bp = Blueprint("whatsapp", __name__, url_prefix="/whatsapp")
NAV = NavItem("WhatsApp", "whatsapp.connect", "whatsapp", order=20)


@bp.get("")
@login_required
def connect() -> str:
    name = request.args.get("session", DEFAULT)
    shown = services().sessions.status(page_user().id, name)
    settings = services().settings
    found = [present.session(one) for one in services().sessions.of_user(page_user().id)]
    return render_template(
        "whatsapp.html",
        session=present.session(shown),
        sessions=found,
        qr_svg=_picture(shown),
        networks=["live", "sandbox"] if settings.sandbox else ["live"],
        default_network=settings.default_network,
        engines=services().sessions.engines(),
        phones=services().phones.of_user(page_user().id) if settings.sandbox else [],
    )


@bp.post("/initialize")
@login_required
def initialize() -> Any:
    name = field("session") or DEFAULT
    order = StartOrder(
        session=name,
        engine=field("engine") or None,
        network=field("network") or None,
        method="code" if field("method") == "code" else "qr",
        phone=field("phone") or None,
    )
    try:
        name = services().sessions.initialize(page_user().id, order, request_id()).name
    except WabotError as error:
        flash(error.detail, "error")
    return redirect(url_for(".connect", session=_known(name)))


@bp.post("/disconnect")
@login_required
def disconnect() -> Any:
    name = field("session") or DEFAULT
    try:
        services().sessions.disconnect(page_user().id, name, request_id())
        flash("Disconnected. This device is gone from your phone's list, and its data here is wiped.", "success")
    except WabotError as error:
        flash(error.detail, "error")
    return redirect(url_for(".connect", session=_known(name)))


def _known(name: str) -> str | None:
    """A name that was refused has no page of its own."""
    known = services().store.sessions.named(page_user().id, name)
    return name if known and name != DEFAULT else None


def _picture(session: Session) -> Markup | None:
    return Markup(qr.svg(session.qr)) if session.status == "qr" and session.qr else None  # noqa: S704  # segno's own
