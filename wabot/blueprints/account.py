"""Section of /settings: one's own data, to take away or to have erased."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, session, url_for
from flask_login import logout_user

from ..errors import Invalid, WabotError
from ..words import N_, Text
from ._context import audited, live, login_required, page_user, services
from ._downloads import export_of
from ._forms import errors_of, field, values
from ._limits import password_attempt
from ._settings import Section, add_section

bp = Blueprint("account", __name__, url_prefix="/settings/account")

_ABOUT_A_FIELD = {
    "invalid_credentials": "current_password", "invalid_otp": "otp", "otp_required": "otp", "rate_limited": "current_password",
}  # fmt: skip

add_section(Section("data", N_("Your data"), N_("Take it with you, or have it erased."), "data.html", order=60))


@bp.get("/export")
@login_required
def export() -> Response:
    return export_of(page_user())


@bp.get("/delete")
@login_required
def delete() -> str:
    return _page()


@bp.post("/delete")
@login_required
def confirm() -> Any:
    user = page_user()
    try:
        if field("email").strip().lower() != user.email:
            raise Invalid.field("email", Text("type %(email)s to confirm", email=user.email))
        with password_attempt(user.email):
            services().erasure.by_owner(audited(), field("current_password"), field("otp"))
    except WabotError as error:
        about = _ABOUT_A_FIELD.get(error.code)
        errors = {about: error.detail} if about else errors_of(error)
        return _page(errors, values()), error.status
    live().logins_ended()
    logout_user()
    session.clear()
    flash("Your account is deleted. Its data is being erased now, which takes a few minutes at most.", "success")
    return redirect(url_for("auth.login"))


def _page(errors: dict[str, str] | None = None, typed: dict[str, str] | None = None) -> str:
    return render_template("account_delete.html", errors=errors or {}, values=typed or {}, user=page_user())
