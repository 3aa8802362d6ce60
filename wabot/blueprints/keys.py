"""Page: API keys; a new one is shown once, with the line to paste."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from ..errors import Conflict, Invalid, WabotError
from ..lib.clock import now, to_rfc3339
from ..plugins import NavItem
from ..services import present
from ..store.ids import new_id
from ..store.records import ApiKey
from ..words import N_
from . import _moments
from ._context import audited, login_required, page_user, services
from ._forms import chosen, errors_of, field, values
from ._languages import gettext as _

bp = Blueprint("keys", __name__, url_prefix="/keys")
NAV = NavItem("API keys", "keys.overview", "key", order=60)
SCOPE_WORDS = {
    "send": (N_("Sending messages"), N_("Send and cancel messages.")),
    "read": (N_("Reading"), N_("Status, messages and chats.")),
    "manage": (N_("Managing"), N_("Link and disconnect accounts, set webhooks.")),
}
"""Scope → (what it allows, what belongs to that)."""


@bp.route("", methods=["GET", "POST"])
@login_required
def overview() -> Any:
    if request.method == "GET":
        return _page()
    try:
        name = field("name").strip()[:100]
        expires_at, scopes = _expires_at(), chosen("scopes")
        record, secret = services().keys.make(audited(), name, scopes, expires_at, form_token=field("form_token"))
    except Conflict:
        flash(
            "This form was sent before: no second key was created. A key is shown only once; create another if you missed it.",
            "info",
        )
        return redirect(url_for(".overview"))
    except WabotError as error:
        return _page(values=values(), errors=errors_of(error)), error.status
    return _page(created={**present.api_key(record), "key": secret})


@bp.post("/<key_id>/revoke")
@login_required
def revoke(key_id: str) -> Any:
    services().keys.revoke(audited(), key_id)
    flash("Revoked. Programs that use this key are refused from now on.", "success")
    flash(url_for(".restore", key_id=key_id), "undo")
    return redirect(url_for(".overview"))


@bp.post("/<key_id>/undo")
@login_required
def restore(key_id: str) -> Any:
    """Take back that it was revoked."""
    try:
        services().keys.restore(audited(), key_id)
    except Invalid as error:
        flash(_(error.detail), "error")
        return redirect(url_for(".overview"))
    flash("Restored: the key works again.", "success")
    return redirect(url_for(".overview"))


def _page(**more: Any) -> str:
    kept = services().keys.of_user(page_user().id)
    items = [{**present.api_key(one), **_expiry(one)} for one in kept]
    context = {"values": {}, "errors": {}, "created": None, "form_token": new_id(), "scope_words": SCOPE_WORDS, **more}
    return render_template("keys.html", items=items, base_url=services().settings.public_url, **context)


def _expiry(key: ApiKey) -> dict[str, Any]:
    """`works_until` is its last moment, whose day is the one that was typed."""
    if key.expires_at is None:
        return {"expired": False, "works_until": None}
    return {"expired": key.expires_at <= now(), "works_until": to_rfc3339(key.expires_at - timedelta(milliseconds=1))}


def _expires_at() -> datetime | None:
    """The end of the chosen day in the form's zone; None for never. Raises Invalid, also when a day was meant and none has come."""
    typed = field("expires_at")
    if not typed:
        if field("expires"):
            raise Invalid.field("expires_at", "choose a day, with its month and year")
        return None
    start, end = _moments.whole_day("expires_at", typed, field("zone"))
    return end or start
