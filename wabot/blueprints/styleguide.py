"""Page: every part that pages are made of, in each of its states. Only in local."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template

from ..errors import NotFound
from ..lib.clock import now, to_rfc3339
from . import _charts
from ._context import services

bp = Blueprint("styleguide", __name__)


@bp.get("/styleguide")
def parts() -> str:
    if services().settings.production:
        raise NotFound
    days = [
        {"day": f"2026-11-{number:02}", "arrived": number * 7 % 40, "on_their_way": number % 5, "failed": number % 3}
        for number in range(1, 15)
    ]
    return render_template(
        "styleguide.html",
        at=to_rfc3339(now()),
        chart=_charts.stacked(days, _charts.OUTCOMES),
        days=days,
        timeline_entries=_timeline(),
    )


def _timeline() -> list[dict[str, Any]]:
    at = to_rfc3339(now())
    wait = {"text": "The session was not connected", "seconds": 42, "since": at, "until": at}
    steps: list[dict[str, Any]] = [
        {"status": "queued"},
        {"status": "sending", "attempt": 2},
        {"status": "sent"},
        {"status": "delivered"},
        {"status": "read"},
    ]
    return [{**one, "at": at, "text": "", "waits": [wait] if one["status"] == "sending" else []} for one in steps]
