"""Page: the settings, and whom the rate limits stop at this moment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from ...errors import WabotError
from ...lib.clock import to_rfc3339
from ...services.limit_reports import Row
from ...services.preferences import RateLimits
from ...services.settings_administration import version
from ...words import N_
from .._context import audited, services
from .._forms import errors_of, field
from .._languages import gettext as _
from .._languages import number
from .._limits import limits
from . import bp
from ._settings_form import Group, Input, groups, inputs, read

_WORDS = {
    "failed_logins": N_("Pauses after failed logins"),
    "forgot_per_minute": N_("Forgotten passwords a minute"),
    "hint_per_hour": N_("Hints on a password an hour"),
}


@bp.route("/settings", methods=["GET", "POST"])
def settings() -> Any:
    if request.method == "GET":
        return _page(groups(services().preferences.current()), {})
    current = services().preferences.current()
    try:
        services().settings_administration.change(read(request.form, current), audited(), seen=field("version"))
    except WabotError as error:
        texts = errors_of(error)
        wrong = texts | {one.name: one.wrong for one in inputs(current) if one.name in texts and one.wrong}
        typed = [_typed(group) for group in groups(current)]
        return _page(typed, wrong, compare=error.code == "settings_changed"), error.status
    flash("Saved. It takes effect with the next request.", "success")
    return redirect(url_for(".settings"))


@bp.get("/settings/limits")
def settings_limits() -> str:
    """The part of the page that changes, alone."""
    return render_template("_admin_limits.html", **_limited())


def _page(shown: list[Group], errors: dict[str, str], *, compare: bool = False) -> str:
    """`compare`: beside what was typed stands what is in force, where that is something else."""
    current = services().preferences.current()
    in_force = _in_force(shown, inputs(current)) if compare else {}
    return render_template(
        "admin_settings.html", groups=shown, errors=errors, in_force=in_force, version=version(current), **_limited()
    )


def _in_force(typed: list[Group], current: Iterable[Input]) -> dict[str, str]:
    """The values of the fields that were typed otherwise, in words."""
    values = {one.name: one.value for group in typed for one in group.inputs}
    return {one.name: _in_words(one.value) for one in current if str(values.get(one.name)) != str(one.value)}


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("on") if value else _("off")
    return number(value) if isinstance(value, int) else str(value)


def _typed(group: Group) -> Group:
    """With what was typed in place of what is in force."""

    def value(one: Input) -> Any:
        return request.form.get(one.name) == "on" if one.kind == "switch" else field(one.name)[:200]

    return Group(group.title, group.hint, [Input(**{**vars(one), "value": value(one)}) for one in group.inputs])


def _limited() -> dict[str, Any]:
    report = services().limit_reports.now()
    people = _people([*report["refused"], *report["filling"]])
    words = {name: info.title for name, info in RateLimits.model_fields.items()} | _WORDS
    return {
        "refused": [_shown(row, people, words, "at") for row in report["refused"]],
        "filling": [_shown(row, people, words, "until") for row in report["filling"]],
        "limits_on": services().preferences.current().rate_limits.enabled,
        "redis_away": limits().redis_away,
    }


def _shown(row: Row, people: dict[str, str], words: dict[str, str | None], time: str) -> Row:
    limit = words.get(row["limit"]) or row["limit"]
    moment = to_rfc3339(datetime.fromtimestamp(row[time], UTC))
    return {**row, "who": people[row["who"]], "limit": limit, "key": f"{row['limit']}-{row['who']}", time: moment}


def _people(rows: list[Row]) -> dict[str, str]:
    """`user:<id>` by their address, `ip:<address>` as it is."""
    return {who: _name(who) for who in {row["who"] for row in rows}}


def _name(who: str) -> str:
    kind, _, rest = who.partition(":")
    user = services().accounts.get(rest) if kind == "user" else None
    return user.email if user else N_("a deleted account") if kind == "user" else rest
