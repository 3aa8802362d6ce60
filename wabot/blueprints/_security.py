"""What stands before every page: login by cookie, CSRF, origin check, security headers."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from typing import NoReturn
from urllib.parse import urlsplit

from flask import Flask, Request, Response, g, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_login import LoginManager, current_user
from flask_wtf.csrf import CSRFError, CSRFProtect

from ..errors import Forbidden, MalformedRequest, Unauthenticated, WabotError
from ..services.identity import Caller
from ..store.records import User, View
from ._context import needs_login, services

csrf = CSRFProtect()
login_manager = LoginManager()
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_COOKIE = ("/api/", "/internal/")
_PAGES_THERE = re.compile(r"/api/docs(/.*)?")


def without_cookie(path: str) -> bool:
    """Callers here show a token, a key or a secret in each request, so a browser can't be made to act for somebody."""
    return path.startswith(_NO_COOKIE) and not _PAGES_THERE.fullmatch(path)


class PageUser:
    """Flask-Login's user: the record, and the id its cookie carries."""

    is_active = True
    is_authenticated = True
    is_anonymous = False

    def __init__(self, caller: Caller, viewed: tuple[View, User] | None = None) -> None:
        """`viewed`: the pages are those of another user (services/view_as.py); the login stays the administrator's."""
        self._own = caller.user
        self.login_id = caller.login_id
        self.view = viewed[0] if viewed else None
        self.viewer = caller.user if viewed else None
        self.user = replace(viewed[1], must_change_password=False) if viewed else caller.user
        self.email = self.user.email
        self.name = self.user.name
        self.is_admin = self.user.is_admin

    def get_id(self) -> str:
        return f"{self._own.id}.{self._own.token_version}.{self.login_id}"


class PageSessions(SecureCookieSessionInterface):
    """The cookie is for pages: elsewhere it is neither read nor written, whoever asks."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return None if without_cookie(request.path) else super().open_session(app, request)


def init_app(app: Flask) -> None:
    app.session_interface = PageSessions()
    csrf.init_app(app)
    login_manager.init_app(app)
    login_manager.session_protection = "basic"
    login_manager.unauthorized_handler(_nobody)
    login_manager.user_loader(_load)
    app.before_request(_protect)
    app.after_request(_headers)
    app.add_template_global(csp_nonce, "csp_nonce")


def csp_nonce() -> str:
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def _nobody() -> NoReturn:
    raise Unauthenticated


def _load(cookie_id: str) -> PageUser | None:
    caller = services().identity.by_cookie(cookie_id)
    if caller is None:
        return None
    viewed = services().view_as.current(caller.user, caller.login_id or "") if caller.user.is_admin else None
    return PageUser(caller, viewed)


def _protect() -> None:
    if request.method in SAFE or without_cookie(request.path) or request.url_rule is None:
        return  # where nothing is there is nothing to protect: it is answered with 404 or 405
    if not _same_origin():
        raise Forbidden("This form was sent from another site.", code="wrong_origin")
    try:
        csrf.protect()
    except CSRFError as error:
        raise _of_another_login() from error


def _of_another_login() -> WabotError:
    """A form's token lives as long as the login it was made under; time alone ends none."""
    if needs_login() and not current_user.is_authenticated:
        return Unauthenticated()
    return MalformedRequest(
        "This page is from before the last time somebody logged in or out here, or its cookie is gone. Nothing was done.",
        code="csrf",
    )


def _same_origin() -> bool:
    """Browsers say where an unsafe request comes from; older ones say nothing, and the CSRF token decides.

    The Referer is not asked for: pages with a token in their address send none, and `Origin` is null there, too.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or origin == "null" or urlsplit(origin).netloc == request.host


def _headers(response: Response) -> Response:
    """Each that the view hasn't set itself; all at once, since Werkzeug's `setdefault` costs an exception for each."""
    given = {name.lower() for name, _ in response.headers}
    response.headers.extend([(name, value) for name, value in _wanted_headers() if name.lower() not in given])
    return response


def _wanted_headers() -> Iterator[tuple[str, str]]:
    nonce = f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else ""
    yield (
        "Content-Security-Policy",
        f"default-src 'self'; script-src 'self'{nonce}; style-src 'self'; img-src 'self' data:; object-src 'none'; "
        "base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
    )
    yield "X-Content-Type-Options", "nosniff"
    yield "Referrer-Policy", "same-origin"
    yield "Cross-Origin-Opener-Policy", "same-origin"
    if services().settings.production:
        yield "Strict-Transport-Security", "max-age=31536000"
    if request.endpoint != "static":
        yield "Cache-Control", "no-store"
