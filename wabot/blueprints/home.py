"""Pages: the landing page and the dashboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_login import current_user

from ..lib.clock import now
from ..plugins import NavItem
from ..services import present
from ..services.sessions import DEFAULT
from ..store.messages import MessageFilter
from ._context import login_required, page_user, services

bp = Blueprint("home", __name__)
NAV = NavItem("Dashboard", "home.dashboard", "home", order=10)
_RECENT = 5
_LOOKS_SHOWN = timedelta(days=7)
"""Of administrators; older ones stand in the settings."""


@bp.get("/")
def landing() -> Any:
    if current_user.is_authenticated:
        return redirect(url_for("home.dashboard"))
    return render_template(
        "landing.html",
        registration_open=services().preferences.current().registration_open,
        base_url=services().settings.public_url,
    )


@bp.get("/dashboard")
@login_required
def dashboard() -> str:
    user_id = page_user().id
    sessions = [present.session(one) for one in services().sessions.of_user(user_id)]
    recent = services().messages.page(user_id, MessageFilter(), limit=_RECENT, cursor=None).items
    default = present.session(services().sessions.status(user_id, DEFAULT))
    return render_template(
        "dashboard.html",
        session=next((one for one in sessions if one["status"] == "connected"), default),
        sessions=sessions or [default],
        looks=services().audit.views_of(user_id, now() - _LOOKS_SHOWN),
        today=services().figures.today(user_id),
        recent=[present.message_for_page(one) for one in recent],
        next_step=_next_step(user_id, sessions, bool(recent)),
    )


def _next_step(user_id: str, sessions: list[dict[str, Any]], has_sent: bool) -> str | None:
    if not any(one["status"] == "connected" for one in sessions):
        return "link"
    if not has_sent:
        return "send"
    return None if services().store.keys.of_user(user_id) else "key"
