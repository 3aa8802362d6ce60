"""The language of the pages: chosen for this browser, or in the settings for oneself, with the time zone."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from flask import Blueprint, flash, redirect, request, url_for

from ..errors import WabotError
from ..lib import languages
from ..store.records import User
from ..words import N_
from ._context import login_required, page_user, services
from ._forms import errors_of, field, local_path, values
from ._languages import COOKIE
from ._settings import Section, add_section, settings_page

bp = Blueprint("languages", __name__)

_KEPT_SECONDS = 365 * 24 * 3600


def _options(_: User) -> dict[str, Any]:
    """UTC, then zones as continents have them; `Etc/GMT+5` and the like mean the opposite of what they say."""
    zones = sorted(one for one in available_timezones() if "/" in one and not one.startswith(("Etc/", "SystemV/")))
    spoken = [(one.tag, one.name, {"lang": one.tag}) for one in languages.known().values()]
    return {"language_options": spoken, "zone_options": [(one, one.replace("_", " ")) for one in ("UTC", *zones)]}


add_section(
    Section(
        "language", N_("Language and time"), N_("How wabot writes to you, in pages and mails."), "language.html", 12, _options
    )
)


@bp.post("/language")
def choose() -> Any:
    """For this browser, on a page that needs no login."""
    answer = redirect(local_path(request.form.get("next"), "/"))
    if field("language") in languages.known():
        answer.set_cookie(
            COOKIE, field("language"), max_age=_KEPT_SECONDS, httponly=True, samesite="Lax", secure=services().settings.production
        )
    return answer


@bp.post("/settings/language")
@login_required
def save() -> Any:
    try:
        services().languages.choose(page_user(), field("language"), field("zone"))
    except WabotError as error:
        return settings_page("language", values=values(), errors=errors_of(error)), error.status
    flash("Saved.", "success")
    return redirect(url_for("settings.overview"))
