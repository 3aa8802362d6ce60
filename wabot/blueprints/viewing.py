"""Viewing as a user, from the pages' side: what may be looked at, and the way out. The way in is on the user's page under /admin."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, request, url_for
from flask_login import current_user

from ..errors import Forbidden
from ..lib.clock import now
from ..services.view_as import TOLD_FOR
from ..store.records import User
from ..words import N_
from ._context import login_required, services
from ._security import SAFE
from ._settings import Section, add_section

bp = Blueprint("viewing", __name__)

_SHOWN = frozenset({"docs", "reference", "home", "whatsapp", "messages", "inbox", "sandbox"})
"""Blueprints whose pages are shown; what isn't named here, or in `_SHOWN_ENDPOINTS`, isn't shown: a new page may have secrets."""
_SHOWN_ENDPOINTS = frozenset({"keys.overview", "settings.overview", "webhooks.overview"})
_NOT_SHOWN = frozenset({"messages.export"})
"""Whoever looks takes nothing away."""
_ALWAYS = frozenset({"static", "theme.choose", "languages.choose", "viewing.stop", "auth.logout"})
_WITHOUT_COOKIE = frozenset({"api", "internal", "health", "metrics", None})


@bp.before_app_request
def _read_only() -> None:
    """Raises Forbidden."""
    if request.endpoint in _ALWAYS or request.blueprint in _WITHOUT_COOKIE or not viewer():
        return
    if request.method not in SAFE:
        raise Forbidden("You are viewing as somebody else: nothing can be changed. Stop viewing first.", code="read_only")
    shown = request.blueprint in _SHOWN or request.endpoint in _SHOWN_ENDPOINTS
    if not shown or request.endpoint in _NOT_SHOWN:
        raise Forbidden("This page isn't shown while you view as somebody else. Stop viewing first.", code="not_shown")


@bp.post("/view-as/stop")
@login_required
def stop() -> Any:
    view = current_user.view
    services().view_as.stop(current_user.login_id)
    flash("You see your own pages again.", "success")
    return redirect(url_for("admin.user", user_id=view.user_id) if view else url_for("home.dashboard"))


def viewer() -> User | None:
    """The administrator behind this request, when they view as the user it is answered for."""
    return current_user.viewer if current_user.is_authenticated else None


def _looks(user: User) -> dict[str, Any]:
    return {"looks": services().audit.views_of(user.id, now() - TOLD_FOR)}


add_section(
    Section(
        "looks",
        N_("Views by administrators"),
        N_("Who saw your pages as you see them, in the last 30 days."),
        "looks.html",
        90,
        _looks,
    )
)
