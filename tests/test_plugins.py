"""A blueprint is a plugin: dropped into the folder, or a third party's package by its entry point, it is there."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest
from flask import Blueprint, Flask

from tests.support.pages import Browser
from tests.support.web import email
from wabot import config, plugins
from wabot.app import create_app


def a_plugin(name: str) -> ModuleType:
    module = ModuleType(name)
    blueprint = Blueprint("extra", name)
    blueprint.add_url_rule("/extra", view_func=lambda: "extra", endpoint="page")
    module.__dict__.update(bp=blueprint, NAV=plugins.NavItem("Extra", "extra.page", "key", order=1))
    return module


def test_a_third_partys_blueprint_joins_by_its_entry_point(settings: config.Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "third_party", a_plugin("third_party"))
    entry = EntryPoint("extra", "third_party", plugins.ENTRY_POINTS)
    monkeypatch.setattr(plugins, "entry_points", lambda group: [entry] if group == plugins.ENTRY_POINTS else [])
    app = create_app(settings)
    person = Browser(app).register(email())
    assert person.open("/extra").get_data(as_text=True) == "extra"
    assert 'href="/extra"' in person.open("/dashboard").get_data(as_text=True)
    app.extensions["wabot"].close()


def test_the_houses_own_features_come_in_by_the_same_door(app: Flask) -> None:
    assert {"auth", "whatsapp", "messages", "api", "admin", "internal", "health"} <= set(app.blueprints)
