"""A page's language and time zone: whose it is, what they chose, what their browser asks for (docs/languages.md)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytz
from babel.dates import get_timezone_gmt
from flask import Flask, has_request_context, request
from flask_babel import Babel, format_date, format_datetime, format_time, get_locale, to_user_timezone
from flask_login import current_user

from ..lib import languages
from ..lib.clock import from_rfc3339
from ..lib.languages import Language
from ..store.records import User
from ..words import Text, say

COOKIE = "wabot_language"
"""What was chosen on a page that needs no login."""


def init_app(app: Flask) -> None:
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(one) for one in languages.DIRECTORIES)
    Babel(app, locale_selector=lambda: _chosen().locale, timezone_selector=zone_of_reader)
    # Not "newstyle": there a text from a variable would be taken for safe HTML.
    app.jinja_env.install_gettext_callables(gettext, ngettext, newstyle=False)  # type: ignore[attr-defined]
    app.jinja_env.policies["ext.i18n.trimmed"] = True
    app.jinja_env.globals["_"] = gettext
    app.add_template_filter(time_for_people, "time_for_people")
    app.add_template_filter(number, "number")
    app.context_processor(_context)


def spoken() -> Language:
    """The language of what is being answered."""
    return languages.language(str(get_locale()).replace("_", "-")) if has_request_context() else languages.language()


def gettext(text: str, /, **values: Any) -> str:
    """In the reader's language. Anything else than a constant is looked up as it is: a `Text`, or what `N_` marked elsewhere."""
    return say(Text(text, **values) if values else text, spoken())


_ = gettext


def ngettext(one: str, many: str, count: int, /, **values: Any) -> str:
    words = spoken()
    filled = {"count": words.number(count), "num": words.number(count), **{name: _said(one) for name, one in values.items()}}
    return words.ngettext(one, many, count) % filled


def number(value: float) -> str:
    return spoken().number(value)


def time_for_people(at: str, way: str) -> str:
    """What stands in a page until its script writes it in the browser's zone. `way` as in js/time.js."""
    moment, in_zone = from_rfc3339(at), bool(zone_of_reader())
    try:
        text = _written(moment, way)
    except OverflowError:  # the first and the last day of all times, which not every zone has
        text, in_zone = _written(moment, way, rebase=False), False
    return text if in_zone or way == "day" else f"{text} UTC"


def own_user() -> User | None:
    """Who sits before the browser, also while they view as somebody else."""
    if not has_request_context() or not current_user or not current_user.is_authenticated:
        return None
    user: User = current_user.viewer or current_user.user
    return user


def _chosen() -> Language:
    if not has_request_context():
        return languages.language()
    user = own_user()
    asked = request.accept_languages.best_match(list(languages.known()))
    return languages.language(user.language if user else None, request.cookies.get(COOKIE), asked)


def zone_of_reader() -> str | None:
    """The time zone of one's settings; without one the browser's own holds, which its script knows."""
    user = own_user()
    return user.zone if user and user.zone in pytz.all_timezones_set else None


def _written(moment: datetime, way: str, *, rebase: bool = True) -> str:
    """Without `rebase` in UTC."""
    if way == "day":
        return str(format_date(moment, "medium", rebase))
    if way in ("clock", "hour"):
        return str(format_time(moment, "medium" if way == "clock" else "short", rebase))
    text = str(format_datetime(moment, "medium" if way in ("full", "zoned", "exact") else "short", rebase))
    return f"{text} {_name_of_zone(moment)}" if way == "zoned" and rebase and zone_of_reader() else text


def _name_of_zone(moment: datetime) -> str:
    """Such as GMT+02:00."""
    return str(get_timezone_gmt(to_user_timezone(moment), "long", get_locale()))


def _said(value: Any) -> str:
    return say(value, spoken()) if isinstance(value, Text) else str(value)


def _context() -> dict[str, Any]:
    words = spoken()
    return {
        "language": words.tag,
        "languages": list(languages.known().values()),
        "text_direction": words.locale.text_direction,
        "zone": zone_of_reader(),
    }
