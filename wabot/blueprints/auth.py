"""Pages: register, log in, log out, change the password."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, g, redirect, render_template, request, session, url_for
from flask_login import current_user, login_user, logout_user

from ..errors import WabotError
from ..services.identity import Caller
from ..store.records import User
from . import _second_step as second_step
from ._context import audited, live, login_required, page_user, services
from ._forms import errors_of, field, local_path, values
from ._languages import spoken
from ._limits import limits, login_attempt, password_attempt
from ._security import PageUser

bp = Blueprint("auth", __name__)


@bp.route("/register", methods=["GET", "POST"])
def register() -> Any:
    if request.method == "GET":
        return _register_page({}, {})
    try:
        limits().register()
        user = services().accounts.register(field("email"), field("password"), field("name")[:100])
    except WabotError as error:
        return _register_page(values(), errors_of(error)), error.status
    if services().accounts.must_confirm(user):
        return redirect(url_for("recovery.confirmation", sent=1))
    _open(user, remember=False)
    return redirect(url_for("home.dashboard"))


@bp.route("/login", methods=["GET", "POST"])
def login() -> Any:
    target = request.values.get("next")
    if request.method == "GET":
        return _login_page({}, {}, target)
    try:
        with login_attempt(field("email")):
            user = services().accounts.authenticate(field("email"), field("password"))
    except WabotError as error:
        where = "unconfirmed" if error.code == "email_unconfirmed" else "password"
        return _login_page(values(), {where: error.detail}, target), error.status
    if user.has_second_factor:
        second_step.begin(user, remember=bool(field("remember")), target=target)
        return redirect(url_for("auth.code"))
    return _enter(user, remember=bool(field("remember")), target=target)


@bp.route("/login/code", methods=["GET", "POST"])
def code() -> Any:
    """The second step, of a browser that has shown the password a moment ago."""
    waiting = second_step.waiting()
    if waiting is None:
        flash("That took too long. Log in again.", "info")
        return redirect(url_for("auth.login"))
    if request.method == "GET":
        return render_template("login_code.html", errors={})
    try:
        services().second_factor.check(waiting.user, field("otp"))
    except WabotError as error:
        g.retry_after = error.retry_after
        return render_template("login_code.html", errors={"otp": error.detail}), error.status
    return _enter(waiting.user, remember=waiting.remember, target=waiting.target)


@bp.post("/logout")
@login_required
def logout() -> Any:
    services().view_as.stop(current_user.login_id, "logged out")
    services().identity.end_login(current_user.login_id)
    live().logins_ended()
    session.clear()
    logout_user()  # notes in the session that the remember cookie is to go
    return redirect(url_for("auth.login"))


@bp.route("/settings/password", methods=["GET", "POST"])
@login_required
def change_password() -> Any:
    if request.method == "GET":
        return render_template("settings_password.html", errors={}, form="password")
    try:
        with password_attempt(page_user().email):
            services().accounts.change_password(audited(), field("current_password"), field("password"))
    except WabotError as error:
        return render_template("settings_password.html", errors=errors_of(error), form="password"), error.status
    live().logins_ended()
    fresh = services().accounts.get(page_user().id)
    if fresh:
        _open(fresh, remember=False)
    flash("Your password is changed. Every other login has ended.", "success")
    return redirect(url_for("home.dashboard"))


@bp.before_app_request
def _default_password_first() -> Any:
    """Whoever was given a password that others know gets no further than to a new one."""
    open_pages = ("auth.", "recovery.", "static", "health.", "internal.", "api.", "theme.", "languages.choose")
    if (request.endpoint or "static").startswith(open_pages) or not current_user.is_authenticated:
        return None
    return redirect(url_for("auth.change_password")) if page_user().must_change_password else None


def _enter(user: User, *, remember: bool, target: str | None) -> Any:
    _open(user, remember=remember)
    otherwise = url_for("auth.change_password" if user.must_change_password else "home.dashboard")
    return redirect(local_path(target, otherwise))


def _open(user: User, *, remember: bool) -> None:
    """A fresh browser session (no fixation), bound to a login record that can be ended."""
    opened = services().identity.open_login(
        user, "web", user_agent=request.headers.get("User-Agent", ""), address=request.remote_addr or ""
    )
    services().languages.heard(user, spoken().tag)
    session.clear()
    login_user(PageUser(Caller(user, frozenset(), login_id=opened.id)), remember=remember)


def _register_page(given: dict[str, str], errors: dict[str, str]) -> str:
    is_open = services().preferences.current().registration_open
    return render_template("register.html", values=given, errors=errors, registration_open=is_open)


def _login_page(given: dict[str, str], errors: dict[str, str], target: str | None) -> str:
    is_open = services().preferences.current().registration_open
    kept = {"next": target} if target else {}
    return render_template("login.html", values={**given, **kept}, errors=errors, next=target, registration_open=is_open)
