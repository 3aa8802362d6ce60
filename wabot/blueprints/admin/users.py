"""Pages: accounts, and one of them with all that may be done to it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_login import current_user

from ...errors import Conflict, Invalid, WabotError
from ...services import present
from ...services.audit import ACTIONS
from ...services.invitations import ROLES
from ...services.preferences import RateLimits, UserLimits
from ...services.user_administration import UserChange
from ...store.records import User
from ...store.users import USER_STATES
from ...words import N_, Text
from .. import _charts, _filters
from .._context import audited, live, page_user, request_id, services
from .._forms import errors_of, field, values
from .._languages import gettext as _
from . import bp

_PAGE = 50
_DAYS = 30
_ENTRIES = 10
_NO_NUMBER = Text("needs a whole number from %(least)s to %(most)s", least=1, most=1_000_000)


@bp.get("/users")
def users() -> str:
    return _list_page()


@bp.post("/users")
def invite_user() -> Any:
    """With a first password typed: made at once. Without: invited by mail."""
    try:
        email, name, role = field("email"), field("name"), field("role") or "user"
        if password := field("password"):
            user = services().invitations.create(audited(), email, password, name=name, role=role)
            flash("The account is created. Its owner has to choose another password at the first login.", "success")
        else:
            user = services().invitations.invite(audited(), email, name=name, role=role)
            flash(_("An invitation is on its way to %(email)s.", email=user.email), "success")
    except WabotError as error:
        return _list_page(values=values(), errors=errors_of(error)), error.status
    return redirect(url_for(".user", user_id=user.id))


@bp.get("/users/<user_id>")
def user(user_id: str) -> str:
    return _user_page(user_id)


@bp.post("/users/<user_id>/role")
def change_role(user_id: str) -> Any:
    role = field("role")
    if role not in ROLES:
        raise Invalid.field("role", Text("choose from %(choices)s", choices=", ".join(ROLES)))
    words = N_("%(email)s is an administrator now.") if role == "admin" else N_("%(email)s is an ordinary user now.")
    return _done(user_id, lambda: _change(user_id, UserChange(role=role), words))


@bp.post("/users/<user_id>/disable")
def disable(user_id: str) -> Any:
    words = N_("%(email)s is disabled: every login, token and key is refused, and the WhatsApp sessions rest.")
    return _done(user_id, lambda: _change(user_id, UserChange(disabled=True), words))


@bp.post("/users/<user_id>/enable")
def enable(user_id: str) -> Any:
    words = N_("%(email)s is enabled again, and the WhatsApp sessions come back.")
    return _done(user_id, lambda: _change(user_id, UserChange(disabled=False), words))


@bp.post("/users/<user_id>/limits")
def limit(user_id: str) -> Any:
    """Empty fields are as for everybody."""
    try:
        limits = {name: _number(name) for name in UserLimits.model_fields if field(name).strip()}
        services().user_administration.change(user_id, UserChange(limits=limits), audited(), request_id())
    except Invalid as error:
        fields = {name.removeprefix("limits."): _NO_NUMBER for name in error.fields}
        return _user_page(user_id, values=values(), errors=errors_of(Invalid(error.detail, fields=fields))), error.status
    flash("Saved: these numbers take effect with the next request.", "success")
    return redirect(url_for(".user", user_id=user_id))


@bp.post("/users/<user_id>/send-link")
def send_link(user_id: str) -> Any:
    return _done(
        user_id,
        lambda: _(
            "A mail with a link is on its way to %(email)s.", email=services().invitations.send_link(audited(), user_id).email
        ),
    )


@bp.post("/users/<user_id>/end-logins")
def end_logins(user_id: str) -> Any:
    def work() -> str:
        services().user_administration.end_logins(user_id, audited())
        return _("All logins and tokens have ended. API keys stay valid.")

    return _done(user_id, work)


@bp.post("/users/<user_id>/delete")
def delete(user_id: str) -> Any:
    """The address has to be typed."""
    shown = services().user_administration.one(user_id)
    if field("confirm").strip().lower() != shown.email:
        errors = {"confirm": _("Type %(email)s to delete this account.", email=shown.email)}
        return _user_page(user_id, values=values(), errors=errors), 422
    try:
        services().user_administration.delete(user_id, audited())
    except Conflict as error:
        flash(_(error.detail), "error")
        return redirect(url_for(".user", user_id=user_id))
    live().logins_ended()
    flash(_("%(email)s is locked out, and everything of theirs is being erased.", email=shown.email), "success")
    return redirect(url_for(".users"))


@bp.post("/users/<user_id>/view")
def view(user_id: str) -> Any:
    """See the pages as this user does."""
    try:
        services().view_as.start(audited(), current_user.login_id, user_id)
    except Conflict as error:
        flash(_(error.detail), "error")
        return redirect(url_for(".user", user_id=user_id))
    return redirect(url_for("home.dashboard"))


@bp.post("/users/<user_id>/remove-factor")
def remove_factor(user_id: str) -> Any:
    def work() -> str:
        services().second_factor.remove(user_id, audited())
        return _("The second factor is removed: the password alone is enough until a new one is set up.")

    return _done(user_id, work)


def _change(user_id: str, change: UserChange, words: str) -> str:
    """`words` have a place for the `email`."""
    return _(words, email=services().user_administration.change(user_id, change, audited(), request_id()).email)


def _done(user_id: str, work: Callable[[], str]) -> Any:
    """Do it, say what came of it, and go back to the user's page."""
    services().user_administration.one(user_id)
    try:
        flash(work(), "success")
    except WabotError as error:
        flash(_(error.detail), "error")
    live().logins_ended()
    still = services().accounts.get(page_user().id)
    return redirect(url_for(".user", user_id=user_id) if still and still.is_admin else url_for("home.dashboard"))


def _number(name: str) -> int:
    text = field(name).strip()
    if not text.isdecimal() or len(text) > 9:
        raise Invalid.field(name, _NO_NUMBER)
    return int(text)


def _limits(shown: User) -> list[dict[str, Any]]:
    """{name, title, own, common}: the user's own number where there is one, and everybody's."""
    common = services().preferences.current().rate_limits
    return [
        {
            "name": name,
            "title": RateLimits.model_fields[name].title,
            "own": (shown.limits or {}).get(name, ""),
            "common": getattr(common, name),
        }
        for name in UserLimits.model_fields
    ]


def _list_page(**more: Any) -> str:
    asked = _filters.asked("state", "q", most=320)
    state, text = _filters.understood(asked, state=_filters.one_of(USER_STATES))["state"] or "", asked["q"]
    page = services().user_administration.page(text=text, state=state, limit=_PAGE, cursor=request.args.get("cursor"))
    return render_template(
        "admin_users.html",
        people=[present.user_for_admin(one) for one in page.items],
        next_cursor=page.next_cursor,
        asked={"state": state, "q": text},
        mails_available=services().mails.available,
        **{"values": {}, "errors": {}, **more},
    )


def _user_page(user_id: str, **more: Any) -> str:
    shown = services().user_administration.one(user_id)
    figures = services().figures.of_user(user_id, _DAYS)
    return render_template(
        "admin_user.html",
        shown=present.user_for_admin(shown),
        own_account=shown.id == page_user().id,
        limits=_limits(shown),
        sessions=services().session_overview.of_user(user_id),
        figures=figures,
        chart=_charts.stacked(_charts.with_outcomes(figures["per_day"]), _charts.OUTCOMES),
        chart_labels=_charts.first_middle_last(figures["per_day"]),
        logins=len(services().logins.of_user(user_id)),
        keys=len(services().keys.of_user(user_id)),
        entries=services().audit.about(user_id, _ENTRIES),
        actions=ACTIONS,
        mails_available=services().mails.available,
        **{"values": {}, "errors": {}, **more},
    )
