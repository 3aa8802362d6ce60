"""Pages: webhook endpoints, one with the log of its deliveries, one delivery with its attempts."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from ..errors import Conflict, Invalid, WabotError
from ..events import REGISTRY
from ..lib.clock import now
from ..plugins import NavItem
from ..services import hook_shapes
from ..services.webhooks import DeliveryFilter
from ..store.hook_records import Endpoint
from ..store.ids import new_id
from ..store.records import Page
from ..words import N_, Text
from . import _filters, _moments
from ._context import login_required, page_user, services
from ._forms import chosen, errors_of, field, values
from ._languages import gettext as _

bp = Blueprint("webhooks", __name__, url_prefix="/webhooks")
NAV = NavItem("Webhooks", "webhooks.overview", "webhook", order=65)
_PAGE = 50
_STATUSES = ("pending", "delivered", "failed")


@bp.get("")
@login_required
def overview() -> str:
    items = [hook_shapes.endpoint_for_page(one) for one in services().webhooks.of_user(page_user().id)]
    return render_template("webhooks.html", items=items, base_url=services().settings.public_url)


@bp.route("/new", methods=["GET", "POST"])
@login_required
def new() -> Any:
    if request.method == "GET":
        return _form(None, {"url": "", "events": ["message.received"], "sessions": [], "headers": "", "description": ""})
    try:
        asked = {**_asked(), **({"secret": field("secret").strip()} if field("secret").strip() else {})}
        made = services().webhooks.create(page_user().id, asked, form_token=field("form_token"))
    except Conflict as error:
        flash(_(error.detail), "info")
        return redirect(url_for(".overview"))
    except WabotError as error:
        return _form(None, _typed(), errors_of(error)), error.status
    return _one(made, secret=made.secrets[0]["secret"])


@bp.get("/<endpoint_id>")
@login_required
def one(endpoint_id: str) -> Any:
    return _one(_mine(endpoint_id))


@bp.route("/<endpoint_id>/edit", methods=["GET", "POST"])
@login_required
def edit(endpoint_id: str) -> Any:
    endpoint = _mine(endpoint_id)
    if request.method == "GET":
        shape = hook_shapes.endpoint(endpoint)
        lines = [f"{name}: {value}" for name, value in shape["headers"].items()]
        return _form(endpoint, {**shape, "headers": "\n".join(lines)})
    try:
        services().webhooks.change(page_user().id, endpoint_id, _asked())
    except WabotError as error:
        return _form(endpoint, _typed(), errors_of(error)), error.status
    flash("Saved. It takes effect at once.", "success")
    return redirect(url_for(".one", endpoint_id=endpoint_id))


@bp.post("/<endpoint_id>/test")
@login_required
def test(endpoint_id: str) -> Any:
    with _said(_("A sample of %(event)s is on its way; it is in the log below.", event=field("event") or _("an event"))):
        services().webhooks.test(page_user().id, endpoint_id, field("event") or None)
    return redirect(url_for(".one", endpoint_id=endpoint_id, _anchor="delivery-log"))


@bp.post("/<endpoint_id>/rotate")
@login_required
def rotate(endpoint_id: str) -> Any:
    changed = services().webhooks.rotate(page_user().id, endpoint_id)
    return _one(changed, secret=changed.secrets[0]["secret"])


@bp.post("/<endpoint_id>/switch")
@login_required
def switch(endpoint_id: str) -> Any:
    on = field("enabled") == "yes"
    services().webhooks.change(page_user().id, endpoint_id, {"enabled": on})
    if on:
        flash("Switched on. What happened meanwhile is not sent by itself: see “Send again” below.", "success")
    else:
        _flash_undo(N_("Switched off. Nothing is sent there until it is switched on again."), endpoint_id)
    return redirect(url_for(".one", endpoint_id=endpoint_id))


@bp.post("/<endpoint_id>/delete")
@login_required
def delete(endpoint_id: str) -> Any:
    services().webhooks.delete(page_user().id, endpoint_id)
    _flash_undo(N_("Deleted. Nothing is sent there any more, and its log is erased in ten minutes."), endpoint_id)
    return redirect(url_for(".overview"))


@bp.post("/<endpoint_id>/undo")
@login_required
def undo(endpoint_id: str) -> Any:
    """Take back what the button beside it was offered for: that it was deleted, or switched off."""
    try:
        endpoint = services().webhooks.undo(page_user().id, endpoint_id)
    except Conflict as error:
        flash(_(error.detail), "error")
        return redirect(url_for(".overview"))
    as_it_was = (
        N_("Restored. What happened meanwhile is being sent now.") if endpoint.enabled else N_("Restored: it is switched off.")
    )
    flash(as_it_was, "success")
    return redirect(url_for(".one", endpoint_id=endpoint_id))


def _flash_undo(said: str, endpoint_id: str) -> None:
    flash(said, "success")
    flash(url_for(".undo", endpoint_id=endpoint_id), "undo")


@bp.post("/<endpoint_id>/redeliver")
@login_required
def redeliver_range(endpoint_id: str) -> Any:
    with _said(N_("Everything since then is being sent again.")):
        services().webhooks.replay(
            page_user().id, endpoint_id, _moments.read("since", field("since"), field("zone"), zone_field="since")
        )
    return redirect(url_for(".one", endpoint_id=endpoint_id, _anchor="delivery-log"))


@bp.get("/<endpoint_id>/deliveries/<delivery_id>")
@login_required
def delivery(endpoint_id: str, delivery_id: str) -> str:
    endpoint = _mine(endpoint_id)
    found = services().webhooks.delivery(endpoint, delivery_id)
    shape = hook_shapes.delivery_in_full(endpoint, found, services().webhooks.event_of(found))
    request_shape = shape["request"]
    return render_template(
        "webhook_delivery.html",
        endpoint=hook_shapes.endpoint_for_page(endpoint),
        delivery=shape,
        message_id=found.key if found.event.startswith("message.") else None,
        headers="\n".join(f"{name}: {value}" for name, value in request_shape["headers"].items()) if request_shape else "",
        body=hook_shapes.pretty(request_shape["body"]) if request_shape else "",
    )


@bp.post("/<endpoint_id>/deliveries/<delivery_id>/redeliver")
@login_required
def redeliver(endpoint_id: str, delivery_id: str) -> Any:
    with _said(N_("It is on its way again, with the same id.")):
        services().webhooks.redeliver(page_user().id, endpoint_id, delivery_id)
    return redirect(url_for(".delivery", endpoint_id=endpoint_id, delivery_id=delivery_id))


def _mine(endpoint_id: str) -> Endpoint:
    return services().webhooks.one(page_user().id, endpoint_id)


def _one(endpoint: Endpoint, **more: Any) -> Any:
    asked = _filters.asked("status", "event", "since", "zone", most=100)
    cursor = _filters.place()
    try:
        wanted = DeliveryFilter(
            **_filters.understood(
                asked, status=_filters.one_of(_STATUSES), event=_filters.one_of(REGISTRY), since=_filters.in_zone(asked["zone"])
            )
        )
    except Invalid as error:
        return _log(endpoint, Page([], None), asked, errors_of(error), **more), error.status
    page = services().webhooks.deliveries(endpoint, wanted, limit=_PAGE, cursor=cursor)
    return _log(endpoint, page, asked, {}, **more)


def _log(endpoint: Endpoint, page: Page, asked: dict[str, str], errors: dict[str, str], **more: Any) -> str:
    return render_template(
        "webhook.html",
        endpoint=hook_shapes.endpoint_for_page(endpoint),
        deliveries=[hook_shapes.delivery(one) for one in page.items],
        next_cursor=page.next_cursor,
        filters=asked,
        errors=errors,
        events=list(REGISTRY),
        own_zone=_moments.own_zone(),
        pairs=lambda names: [(one, one) for one in names],
        an_hour_ago=_moments.for_field(now() - timedelta(hours=1)),
        **more,
    )


def _form(endpoint: Endpoint | None, given: dict[str, Any], errors: dict[str, str] | None = None) -> str:
    sessions = [one.name for one in services().sessions.of_user(page_user().id)]
    return render_template(
        "webhook_form.html",
        endpoint=hook_shapes.endpoint(endpoint) if endpoint else None,
        values=given,
        errors=errors or {},
        registry={name: event.words or event.__doc__ for name, event in REGISTRY.items()},
        sessions=sorted({*sessions, *given["sessions"]}),
        form_token=new_id(),
        https_only=services().settings.production,
    )


def _typed() -> dict[str, Any]:
    """The form as it was sent, to be shown again."""
    events = ["*"] if field("all_events") else request.form.getlist("events")
    return {**values(), "events": events, "sessions": request.form.getlist("sessions")}


def _asked() -> dict[str, Any]:
    typed = _typed()
    return {
        "url": field("url").strip(),
        "description": field("description").strip()[:200],
        "events": typed["events"] or chosen("events"),
        "sessions": typed["sessions"],
        "headers": _headers(field("headers")),
    }


def _headers(text: str) -> dict[str, str]:
    """One `Name: value` a line. Raises Invalid."""
    found: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.split("\n"))):
        name, colon, value = line.partition(":")
        if not colon or name.strip() in found:
            raise Invalid.field(
                "headers", Text("%(line)s is not a line like X-Name: value, or occurs twice", line=repr(line[:60]))
            )
        found[name.strip()] = value.strip()
    return found


@contextlib.contextmanager
def _said(words: str) -> Any:
    """Tell how it went on the page that follows; what isn't there stays a 404."""
    try:
        yield
    except Invalid as error:
        for why in errors_of(error).values():  # what belongs to no field is said by that
            flash(why, "error")
    else:
        flash(words, "success")
