"""Page: connect a WhatsApp account; the QR and the status change live."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from markupsafe import Markup

from ..errors import Invalid, WabotError
from ..lib import qr
from ..lib.clock import now, to_rfc3339
from ..plugins import NavItem
from ..services import present
from ..services.engines import Engine
from ..services.sessions import DEFAULT, StartOrder
from ..store.records import Session
from . import _linking
from ._context import login_required, next_step, page_user, request_id, services
from ._forms import errors_of, field, values
from ._languages import gettext as _
from .viewing import viewer

bp = Blueprint("whatsapp", __name__, url_prefix="/whatsapp")
NAV = NavItem("WhatsApp", "whatsapp.connect", "whatsapp", order=20)


@bp.get("")
@login_required
def connect() -> str:
    return _page(request.args.get("session"))


@bp.post("/initialize")
@login_required
def initialize() -> Any:
    name = field("session") or DEFAULT
    try:
        if field("new") and _has(name):
            raise Invalid.field("session", "you have a session of this name: choose another")
        name = _start(name).name
    except WabotError as error:
        shown = field("from") if field("new") else _known(name)
        return _page(shown, values=values(), errors=errors_of(error)), error.status
    return redirect(url_for(".connect", session=_known(name), _anchor="session-panel"))


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


@bp.post("/engine")
@login_required
def engine() -> Any:
    name = field("session") or DEFAULT
    try:
        services().sessions.switch_engine(page_user().id, name, field("engine"), request_id())
        flash("The engine is changed. Scan the new code with the same phone; waiting messages go out then.", "success")
    except WabotError as error:
        flash(" ".join(errors_of(error).values()) or error.detail, "error")
    return redirect(url_for(".connect", session=_known(name)))


@bp.post("/delete")
@login_required
def delete() -> Any:
    name = field("session") or DEFAULT
    try:
        services().sessions.delete(page_user().id, name, request_id())
        flash(_("“%(name)s” is deleted. Its messages stay in the log.", name=name), "success")
    except WabotError as error:
        flash(error.detail, "error")
    return redirect(url_for(".connect", session=_known(name)))


def _start(name: str) -> Session:
    order = StartOrder(
        session=name,
        engine=field("engine") or None,
        network=field("network") or None,
        method="code" if field("method") == "code" else "qr",
        phone=field("phone") or None,
    )
    return services().sessions.initialize(page_user().id, order, request_id())


def _page(name: str | None, **more: Any) -> str:
    """One session, by default `default` or else the first there is."""
    found = services().sessions.of_user(page_user().id)
    if name is None and found and DEFAULT not in [one.name for one in found]:
        name = found[0].name
    shown = services().sessions.status(page_user().id, name or DEFAULT)
    if viewer():
        shown = replace(shown, qr=None, pairing_code=None)
    settings = services().settings
    phones = services().phones.if_there(page_user().id) if settings.sandbox else []
    context: dict[str, Any] = {"values": {}, "errors": {}, **more}
    return render_template(
        "whatsapp.html",
        session=present.session(shown),
        link=_linking.of(shown, now()),
        sessions=[present.session(one) for one in found],
        qr_svg=_picture(shown),
        networks=["live", "sandbox"] if settings.sandbox else ["live"],
        default_network=settings.default_network,
        engines=services().sessions.engines.all(),
        other_engines=_others(shown),
        light_on_live=settings.light_on_live,
        phones=phones or [],
        sandbox_is_away=phones is None,
        server_time=to_rfc3339(now()),
        next_step=next_step(),
        **context,
    )


def _others(session: Session) -> list[Engine]:
    """What it could be switched to; nothing while it is unlinked: the form to link it asks for the engine."""
    may_switch = session.id and (session.linked or session.status in ("failed", "reconnecting")) and session.desired != "logout"
    offered = services().sessions.engines.offered(session.network) if may_switch else []
    return [one for one in offered if one.name != session.engine]


def _has(name: str) -> bool:
    return name in [one.name for one in services().sessions.of_user(page_user().id)]


def _known(name: str) -> str | None:
    """A name that was refused has no page of its own."""
    return name if name != DEFAULT and _has(name) else None


def _picture(session: Session) -> Markup | None:
    return Markup(qr.svg(session.qr)) if session.status == "qr" and session.qr else None  # noqa: S704  # segno's own
