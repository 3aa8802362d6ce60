"""Rate limits as tests need them: out of the way, or exactly so many."""

from __future__ import annotations

from typing import Any

from flask import Flask

from wabot import config
from wabot.blueprints._context import services

from .api import Api
from .stack import Stack

PLENTY = 1_000_000


def lift(stack: Stack) -> Api:
    """Whoever looks twenty times a second, or logs in for every test, would be told to wait. Returns the administrator."""
    admin = Api(stack, "owner").login(config.DEFAULT_ADMIN_EMAIL, config.DEFAULT_ADMIN_PASSWORD)
    change(admin, enabled=False, login_per_minute=PLENTY, register_per_hour=PLENTY)
    return admin


def change(admin: Api, **rate_limits: Any) -> None:
    settings = admin.get("/api/admin/settings").json()
    settings["rate_limits"].update(rate_limits)
    answer = admin.put("/api/admin/settings", settings)
    assert answer.ok, answer.text


def limit(app: Flask, **numbers: Any) -> None:
    """In a web that runs in the test's own process."""
    with app.app_context():
        preferences = services().preferences
        values = preferences.current().model_dump()
        values["rate_limits"].update(numbers)
        preferences.replace(values)
