"""Page: one's own settings. Its sections are in `_settings.py`; this module has the page itself, the profile and the address."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for

from ..errors import WabotError
from ..plugins import NavItem
from ..words import N_
from ._context import login_required, page_user, services
from ._forms import errors_of, field, values
from ._languages import gettext as _
from ._limits import password_attempt
from ._settings import Section, add_section, settings_page

bp = Blueprint("settings", __name__, url_prefix="/settings")
NAV = NavItem("Settings", "settings.overview", "settings", order=80)

add_section(Section("profile", N_("Profile"), N_("What wabot calls you."), "profile.html", order=10))
add_section(
    Section(
        "password",
        N_("Password"),
        N_("Changing it ends every other login and token. API keys stay as they are."),
        "password.html",
        20,
    )
)
add_section(
    Section(
        "email",
        N_("Email address"),
        N_("What you log in with, and where mails go."),
        "email.html",
        order=15,
        context=lambda _: {"mails_leave": services().mails.available},
    )
)


@bp.get("")
@login_required
def overview() -> str:
    return settings_page()


@bp.post("/profile")
@login_required
def profile() -> Any:
    try:
        services().accounts.rename(page_user(), field("name"))
    except WabotError as error:
        return settings_page("profile", values=values(), errors=errors_of(error)), error.status
    flash("Saved.", "success")
    return redirect(url_for(".overview"))


@bp.post("/email")
@login_required
def email() -> Any:
    try:
        with password_attempt(page_user().email):
            address = services().addresses.ask_change(page_user(), field("current_password"), field("email"))
    except WabotError as error:
        return settings_page("email", values=values(), errors=errors_of(error)), error.status
    flash(
        _("A mail is on its way to %(address)s. Your address changes once you have opened the link in it.", address=address),
        "success",
    )
    return redirect(url_for(".overview"))
