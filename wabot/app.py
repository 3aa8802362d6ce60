"""The Flask application: configuration, store, services, plugins, in that order."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from . import plugins
from .blueprints import _errors, _languages, _limits, _pages, _preparation, _requests, _security, _static, _status_words
from .config import Settings, load
from .lib.log import configure, get_logger
from .live import Live
from .services import Services, build
from .store import DATABASE_DOWN
from .store.connection import open_store_for

BODY_LIMIT = 1024 * 1024 + 64 * 1024
"""Bytes a request body may have: the longest message in the widest encoding, and room for the rest."""
FORM_LIMIT = 1024 * 1024

log = get_logger(__name__)

C = TypeVar("C", bound=Callable[..., Any])


class Web(Flask):
    request_class = _requests.WholeRequest

    def ensure_sync(self, func: C) -> C:
        """Nothing here is a coroutine. Flask looks again at each call of each view, hook and signal: sixteen times a request."""
        return func


def create_app(settings: Settings | None = None) -> Flask:
    """`settings` default to the environment's. Raises ConfigError."""
    settings = settings or load(os.environ)
    configure("web")
    app = Web("wabot")
    _configure(app, settings)
    live = Live()
    store = open_store_for(app, settings.database_uri, alone=settings.redis_url is None)
    services = build(settings, store, live)
    app.extensions["wabot"] = services
    app.extensions["wabot_live"] = live
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    for part in (_requests, _preparation, _security, _languages, _status_words, _static, _limits, _errors):
        part.init_app(app)
    _pages.init_app(app, plugins.register_all(app))
    live.init_app(app, redis_url=settings.redis_url, origins=[settings.public_url], standing=services.logins.standing)
    _warn(services)
    _prepare(services)
    return app


def _configure(app: Flask, settings: Settings) -> None:
    app.config.update(
        DEBUG=False,  # whatever FLASK_DEBUG says, which may be meant for another application: answers and errors would differ
        SECRET_KEY=settings.secret("secret_key"),
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_MEMORY_SIZE=FORM_LIMIT,
        MAX_FORM_PARTS=100,
        SESSION_COOKIE_NAME="wabot_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        REMEMBER_COOKIE_NAME="wabot_remember",
        REMEMBER_COOKIE_HTTPONLY=True,
        REMEMBER_COOKIE_SAMESITE="Lax",
        REMEMBER_COOKIE_SECURE=settings.production,
        REMEMBER_COOKIE_DURATION=timedelta(days=30),
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_CHECK_DEFAULT=False,
        WTF_CSRF_SSL_STRICT=False,  # asks for a Referer, which pages with a token in their address don't send; see _security
    )


def _warn(services: Services) -> None:
    """Of settings that are allowed, and that people will miss something by."""
    if not services.mails.available:
        log.warning("mails_off", why="SMTP_URL is not set: nobody can be sent a link for a forgotten password")
    if services.settings.production and not services.settings.trusted_proxies:
        log.warning(
            "proxies_not_trusted", why="TRUSTED_PROXIES is 0: all who come through the proxy are one address to the limits"
        )


def _prepare(services: Services) -> None:
    """While the database is away, the first request that finds it does this."""
    try:
        services.preparation.ensure()
    except DATABASE_DOWN as error:
        log.warning("database_away_at_start", error=type(error).__name__)
