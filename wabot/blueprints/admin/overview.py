"""Page: figures and charts of the whole installation."""

from __future__ import annotations

from typing import Any

from flask import render_template

from ...services.figures import PERIODS
from ...words import N_
from .. import _charts, _filters
from .._context import services
from . import bp

_DEFAULT_PERIOD = 30


@bp.get("")
def overview() -> str:
    asked = _filters.understood(_filters.asked("days"), days=_filters.one_of(map(str, PERIODS)))
    days = int(asked["days"] or _DEFAULT_PERIOD)
    stats = services().figures.stats(days)
    return render_template(
        "admin.html",
        stats=stats,
        charts=charts(stats["per_day"]),
        percentiles=_percentiles(stats["delivery"]),
        periods=PERIODS,
        duration_words=_charts.duration_words,
        sessions_cut=services().session_overview.is_cut(),
    )


def charts(per_day: list[dict[str, Any]]) -> dict[str, Any]:
    with_outcomes = _charts.with_outcomes(per_day)
    return {
        "messages": _charts.stacked(with_outcomes, _charts.OUTCOMES),
        "active": _charts.stacked(per_day, {"active_users": N_("active users")}),
        "delivery": _charts.over_time([_sent_within(one["delivery"]["queued_to_sent"]) for one in per_day]),
        "labels": _charts.first_middle_last(per_day),
        "days": [{**one, "words": _charts.day_words(one["day"])} for one in reversed(with_outcomes)],
    }


def _sent_within(durations: dict[str, Any]) -> dict[str, int | None]:
    return {name: durations[f"{name}_ms"] for name in ("p50", "p90")}


def _percentiles(delivery: dict[str, Any]) -> list[dict[str, Any]]:
    words = {"queued_to_sent": N_("Accepted to sent"), "sent_to_delivered": N_("Sent to delivered")}
    return [
        {
            "words": words[way],
            "count": found["count"],
            **{name: _charts.duration_words(found[f"{name}_ms"]) for name in ("p50", "p90", "p99")},
        }
        for way, found in delivery.items()
    ]
