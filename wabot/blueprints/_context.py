"""What a view needs: the services, who is asking, the request's id."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from flask import current_app, g, request
from flask_login import current_user
from flask_login import login_required as _login_required

from ..live import Live
from ..services import Services
from ..services.audit import Audited
from ..store.records import User

V = TypeVar("V", bound=Callable[..., Any])
_GUARDED = "needs_login"


def login_required(view: V) -> V:
    """Flask-Login's decorator, with a type and a mark: without a login the view isn't called, `Unauthenticated` is raised."""
    guarded = _login_required(view)
    setattr(guarded, _GUARDED, True)
    return cast(V, guarded)


def needs_login() -> bool:
    """Whether what is asked for stands behind `login_required`, by itself or with its whole blueprint."""
    asked = [current_app.view_functions.get(request.endpoint or ""), *current_app.before_request_funcs.get(request.blueprint, ())]
    return any(getattr(one, _GUARDED, False) for one in asked)


def services() -> Services:
    return cast(Services, current_app.extensions["wabot"])


def live() -> Live:
    return cast(Live, current_app.extensions["wabot_live"])


def page_user() -> User:
    """The logged-in user of a page; only behind `login_required`."""
    return cast(User, current_user.user)


def next_step() -> str | None:
    """What the logged-in user should do next (services/onboarding.py)."""
    return services().onboarding.next_step(page_user().id)


def audited() -> Audited:
    """Who acts with a page, from where: for the audit log."""
    return Audited(page_user(), request.remote_addr or "")


def request_id() -> str:
    return cast(str, g.request_id)
