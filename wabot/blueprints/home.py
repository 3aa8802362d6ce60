"""Pages: the landing page and the dashboard."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_login import current_user

from ..lib.clock import now
from ..plugins import NavItem
from ..services import present
from ..services.hook_care import REASONS
from ..services.sessions import DEFAULT
from ..store.messages import MessageFilter
from . import _charts
from ._context import login_required, next_step, page_user, services

bp = Blueprint("home", __name__)
NAV = NavItem("Dashboard", "home.dashboard", "home", order=10)
_RECENT = 5
_CHARTED = 14
"""Days."""
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
    return render_template(
        "dashboard.html",
        sessions=sessions or [present.session(services().sessions.status(user_id, DEFAULT))],
        hooks_off=[one for one in services().webhooks.of_user(user_id) if one.disabled_reason in REASONS],
        looks=services().audit.views_of(user_id, now() - _LOOKS_SHOWN),
        today=services().figures.today(user_id),
        chart=_chart(user_id),
        recent=[present.message_for_page(one) for one in recent],
        next_step=next_step(),
    )


def _chart(user_id: str) -> dict[str, Any]:
    """{bars, labels, totals, days}: the last two weeks; `days` newest first."""
    figures = services().figures.of_user(user_id, _CHARTED)
    days = _charts.with_outcomes(figures["per_day"])
    return {
        "bars": _charts.stacked(days, _charts.OUTCOMES),
        "labels": _charts.first_middle_last(days),
        "totals": figures["totals"],
        "days": [{**one, "words": _charts.day_words(one["day"])} for one in reversed(days)],
    }
