"""Pages that a mail's link leads to: a new password, a confirmed address; and those that send the mail.

Opening a link changes nothing, since mail programs open links by themselves; only sending its form does. No page with a token in
its address tells that address to anybody (`Referrer-Policy`).
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_login import current_user

from ..errors import Invalid, WabotError
from ..services.accounts import check_new_password
from ..services.links import InvalidToken
from ._context import live, services
from ._forms import errors_of, field, values
from ._languages import gettext as _
from ._limits import limits

bp = Blueprint("recovery", __name__)


@bp.route("/forgot", methods=["GET", "POST"])
def forgot() -> Any:
    if request.method == "GET":
        return _forgot_page({}, {})
    if "@" not in field("email"):
        return _forgot_page(values(), {"email": _("Is not an email address, such as name@example.com")}), 422
    try:
        limits().forgot()
        services().recovery.forgot(field("email"))
    except WabotError as error:
        return _forgot_page(values(), errors_of(error)), error.status
    return redirect(url_for(".forgot", sent=1))


@bp.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> Any:
    try:
        opened = services().recovery.open(token)
        if request.method == "GET":
            return render_template("reset.html", user=opened.user, errors={})
        services().recovery.reset(token, field("password"), request.remote_addr or "")
    except InvalidToken as error:
        return render_template("reset.html", user=None, errors={}), error.status
    except WabotError as error:
        return render_template("reset.html", user=opened.user, errors=errors_of(error)), error.status
    live().logins_ended()
    flash("Your new password is set. Log in with it.", "success")
    return redirect(url_for("auth.login"))


@bp.route("/confirm", methods=["GET", "POST"])
def confirmation() -> Any:
    if request.method == "GET":
        return _confirmation_page({})
    try:
        limits().forgot()
        services().addresses.send_again(field("email"))
    except WabotError as error:
        errors_of(error)
        return _confirmation_page(values()), error.status
    return redirect(url_for(".confirmation", sent=1))


@bp.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> Any:
    try:
        opened = services().addresses.open(token)
        if request.method == "GET":
            return render_template("confirm_link.html", opened=opened)
        services().addresses.confirm(token, request.remote_addr or "")
    except WabotError as error:
        why = "" if isinstance(error, InvalidToken) else error.detail
        return render_template("confirm_link.html", opened=None, why=why), error.status
    flash(_("%(email)s is confirmed.", email=opened.address or opened.user.email), "success")
    return redirect(url_for("home.dashboard" if current_user.is_authenticated else "auth.login"))


@bp.post("/password-hint")
def password_hint() -> dict[str, str | None]:
    """What the form would be answered for this password, while it is typed; nothing is kept of it."""
    limits().hint()
    try:
        check_new_password(field("password"), field("email"), field("name"))
    except Invalid as error:
        return {"why": errors_of(error).get("password")}
    return {"why": None}


@bp.after_request
def _tell_no_token(response: Response) -> Response:
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _forgot_page(given: dict[str, str], errors: dict[str, str]) -> str:
    sent = bool(request.args.get("sent")) and not errors
    return render_template("forgot.html", values=given, errors=errors, sent=sent, **_way_of_mails())


def _confirmation_page(given: dict[str, str]) -> str:
    sent = bool(request.args.get("sent")) and not given
    return render_template("confirm.html", values=given, sent=sent, **_way_of_mails())


def _way_of_mails() -> dict[str, bool]:
    settings = services().settings
    return {"mails_leave": settings.sends_mail, "mails_are_files": settings.sends_mail and settings.smtp_url is None}
