"""Section of /settings: the logins, each to be ended, or all at once."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, url_for
from flask_login import current_user

from ..services import present
from ..store.records import User
from ..words import N_, Counted
from ._context import live, login_required, page_user, services
from ._languages import gettext as _
from ._settings import Section, add_section

bp = Blueprint("logins", __name__, url_prefix="/settings/logins")


def _logins(user: User) -> dict[str, Any]:
    found = services().logins.of_user(user.id)
    return {"logins": [present.login(one, current=current_user.login_id) for one in found]}


add_section(
    Section(
        "logins", N_("Logins"), N_("Where you are logged in, by browser or with a token of the API."), "logins.html", 50, _logins
    )
)


@bp.post("/<login_id>/end")
@login_required
def end(login_id: str) -> Any:
    services().logins.end(page_user().id, login_id)
    return _ended(N_("That login has ended: its pages, its token and its live connections."))


@bp.post("/end-others")
@login_required
def end_others() -> Any:
    count = services().logins.end_others(page_user().id, current_user.login_id)
    return _ended(
        Counted(
            "%(count)s other login ended. You are logged in here only.",
            "%(count)s other logins ended. You are logged in here only.",
            count,
        )
    )


@bp.post("/end-all")
@login_required
def end_all() -> Any:
    services().accounts.end_logins(page_user().id)
    return _ended(N_("You are logged out everywhere."))


def _ended(text: str) -> Any:
    live().logins_ended()
    flash(_(text), "success")
    return redirect(url_for("settings.overview"))
