"""Pages: set up the second factor, renew its recovery codes, turn it off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_login import current_user

from ..errors import WabotError
from ..lib.clock import optional_rfc3339
from ..store.records import User
from ..words import N_
from ._context import audited, login_required, page_user, services
from ._forms import errors_of, field
from ._limits import password_attempt
from ._settings import Section, add_section

bp = Blueprint("second_factor", __name__, url_prefix="/settings/second-factor")
_OPEN = ("auth.", "recovery.", "static", "health.", "internal.", "api.", "second_factor.", "theme.", "languages.choose")
"""What an administrator who must set one up gets to before."""

_ABOUT_THE_CODE = frozenset({"invalid_otp", "otp_required", "rate_limited"})
"""Errors about the code that was typed."""


def _state(user: User) -> dict[str, Any]:
    since = optional_rfc3339(user.factor_since)
    return {"factor": {"on": user.has_second_factor, "since": since, "codes_left": len(user.recovery_codes)}}


add_section(
    Section(
        "second-factor", N_("Second factor"), N_("A code from your phone in addition to the password, so that a stolen password alone is useless."),
        "second_factor.html", 30, _state,
    )
)  # fmt: skip


@bp.before_app_request
def _factor_first() -> Any:
    if (request.endpoint or "static").startswith(_OPEN) or not current_user.is_authenticated:
        return None
    return redirect(url_for("second_factor.page")) if services().second_factor.missing(page_user()) else None


@bp.get("")
@login_required
def page() -> str:
    return _manage() if page_user().has_second_factor else _setup()


@bp.post("")
@login_required
def turn_on() -> Any:
    user, sealed = page_user(), field("setup")
    try:
        with password_attempt(user.email):
            codes = services().second_factor.turn_on(audited(), sealed, field("current_password"), field("otp"))
    except WabotError as error:
        if error.code == "second_factor_on":
            return redirect(url_for(".page"))
        return _setup(sealed, errors_of(error)), error.status
    return _codes(codes, new=True)


@bp.post("/recovery-codes")
@login_required
def renew() -> Any:
    return _with_code("renew", lambda: _codes(services().second_factor.renew(audited(), field("otp")), new=False))


@bp.post("/off")
@login_required
def turn_off() -> Any:
    def work() -> Any:
        with password_attempt(page_user().email):
            services().second_factor.turn_off(audited(), field("current_password"), field("otp"))
        flash("The second factor is off. Your password alone logs you in.", "success")
        return redirect(url_for("settings.overview"))

    return _with_code("off", work)


def _with_code(form: str, work: Callable[[], Any]) -> Any:
    try:
        return work()
    except WabotError as error:
        if error.code == "second_factor_off":
            return redirect(url_for(".page"))
        errors = {"otp": error.detail} if error.code in _ABOUT_THE_CODE else errors_of(error)
        return _manage(form, errors), error.status


def _setup(sealed: str = "", errors: dict[str, str] | None = None) -> str:
    factor = services().second_factor
    setup = factor.again(page_user(), sealed) if sealed else factor.begin(page_user())
    return render_template("second_factor_setup.html", setup=setup, errors=errors or {}, required=factor.missing(page_user()))


def _manage(form: str = "", errors: dict[str, str] | None = None) -> str:
    return render_template("second_factor.html", form=form, errors=errors or {}, **_state(page_user()))


def _codes(codes: list[str], *, new: bool) -> str:
    return render_template("second_factor_codes.html", codes=codes, new=new)
