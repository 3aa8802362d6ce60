"""Page: the virtual phones of test mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from ..errors import InvalidNumber, NotFound, Unavailable, WabotError
from ..lib import phones
from ..plugins import NavItem
from ..services import present
from ..services.sessions import DEFAULT
from ._context import login_required, page_user, request_id, services
from ._forms import errors_of, field, values
from ._languages import gettext as _

bp = Blueprint("sandbox", __name__, url_prefix="/sandbox")
NAV = NavItem("Sandbox", "sandbox.overview", "sandbox", order=70, sandbox=True)
_PANEL = "session-panel"
"""What changes on the page to link, where the focus begins then."""


@bp.before_request
def _only_where_offered() -> None:
    if not services().settings.sandbox:
        raise NotFound("The sandbox is switched off on this server.")


@bp.get("")
@login_required
def overview() -> str:
    return _page(request.args.get("phone"))


@bp.post("/start")
@login_required
def start() -> Any:
    """From nothing to a code that a virtual phone can scan, with one click."""
    try:
        session = services().onboarding.start_in_sandbox(page_user().id, _("My phone"), request_id())
    except WabotError as error:
        flash(error.detail, "error")
        return redirect(url_for("whatsapp.connect"))
    return redirect(url_for("whatsapp.connect", session=None if session.name == DEFAULT else session.name, _anchor=_PANEL))


@bp.get("/phones/<number>/screen")
@login_required
def screen(number: str) -> str:
    """For the page's script, once a second. Raises what keeps it from being seen: no screen is drawn that nobody saw."""
    return render_template("_sandbox_phone.html", **_chosen(services().phones.screen(page_user().id, number)))


@bp.post("/phones")
@login_required
def add() -> Any:
    try:
        number = _added()
    except Unavailable as error:
        return _away(values=values()), error.status
    except WabotError as error:
        return _page(field("shown"), values=values(), errors=errors_of(error)), error.status
    if field("back") == "whatsapp":
        return redirect(url_for("whatsapp.connect", session=field("session") or None, _anchor=_PANEL))
    return redirect(url_for(".overview", phone=number))


def _added() -> str:
    """With the number of the form, or one at random where it asks for none. Raises what adding it raises."""
    if "number" in request.form:
        return services().phones.add(page_user().id, field("number"), field("name")[:60])
    return services().onboarding.take_phone(page_user().id, _("My phone"))


@bp.post("/phones/<number>/scan")
@login_required
def scan(number: str) -> Any:
    def work() -> None:
        services().phones.scan(page_user().id, number, field("session") or DEFAULT)
        if field("back") != "whatsapp":  # that page shows by itself how far it is
            flash("Scanned. The session is being linked.", "success")

    return _done(work, number)


@bp.post("/phones/<number>/unlink")
@login_required
def unlink(number: str) -> Any:
    def work() -> None:
        services().phones.unlink(page_user().id, number)
        flash("The phone removed its linked devices.", "success")

    return _done(work, number)


@bp.post("/phones/<number>/send")
@login_required
def send(number: str) -> Any:
    return _done(lambda: services().phones.write(page_user().id, number, field("to"), field("text")), number)


@bp.post("/phones/<number>/read")
@login_required
def read(number: str) -> Any:
    return _done(lambda: services().phones.read(page_user().id, number, field("with") or None), number)


def _page(number: str | None, **more: Any) -> str:
    """One phone, by default the first there is."""
    own = services().phones.if_there(page_user().id)
    if own is None:
        return _away()
    screen = _screen(number or (own[0]["number"] if own else None))
    context: dict[str, Any] = {"values": {}, "errors": {}, **more}
    return render_template("sandbox.html", phones=own, suggested_number=next(phones.sandbox_numbers()), **screen, **context)


def _away(**more: Any) -> str:
    """What is known of the phones is in the sandbox: none is shown while it doesn't answer, and none is missed."""
    context: dict[str, Any] = {"values": {}, "errors": {}, **more}
    return render_template("sandbox.html", away=True, phones=[], phone=None, **context)


def _done(work: Callable[[], object], number: str) -> Any:
    """Do it, say what went wrong, and go back to where it was asked for. The focus begins at what is said, or at what changed."""
    changed: str | None = None
    try:
        work()
        changed = _PANEL
    except InvalidNumber:
        flash("This is not a phone number: write it in the international form, such as +1 202 555 0123.", "error")
    except WabotError as error:
        flash(error.detail, "error")
    if field("back") == "whatsapp":
        return redirect(url_for("whatsapp.connect", session=field("session") or None, _anchor=changed))
    shown: dict[str, Any] = {"phone": number, "with": field("with") or field("to") or None}
    return redirect(url_for(".overview", **shown))


def _screen(number: str | None) -> dict[str, Any]:
    """What the phone shows: {phone, chats, chat, sessions}."""
    own = [one for one in services().sessions.of_user(page_user().id) if one.network == "sandbox"]
    sessions = [{**present.session(one), "code_for": one.pairing_phone if one.status == "pairing" else None} for one in own]
    if not number:
        return {"phone": None, "chats": [], "chat": None, "sessions": sessions}
    try:
        shown = services().phones.screen(page_user().id, number)
    except WabotError as error:
        flash(error.detail, "error")
        shown = {"phone": None, "chats": []}
    return {**_chosen(shown), "sessions": sessions}


def _chosen(shown: dict[str, Any]) -> dict[str, Any]:
    """With the chat that is asked for: {phone, chats, chat, selected}."""
    selected = request.args.get("with")
    chat = next((one for one in shown["chats"] if one["with"] == selected), None)
    return {**shown, "chat": chat, "selected": selected}
