"""Blueprints are plugins: a module or package in `blueprints/` that exposes `bp` is found and registered.

A plugin may also expose `NAV` (a `NavItem`, or several) for the navigation and `init_app(app)`. Third parties join through
the entry-point group `wabot.blueprints`, whose entries name such a module.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from types import ModuleType

from flask import Blueprint, Flask

from . import blueprints
from .lib.log import get_logger

ENTRY_POINTS = "wabot.blueprints"
log = get_logger(__name__)


@dataclass(frozen=True)
class NavItem:
    """One entry of the navigation; `order` sorts it, `admin` and `sandbox` say who sees it, `count` what waits there."""

    label: str
    endpoint: str
    icon: str
    order: int = 50
    admin: bool = False
    sandbox: bool = False
    count: Callable[[], int] | None = None


def register_all(app: Flask) -> list[NavItem]:
    """Register every plugin; the navigation in its order."""
    items: list[NavItem] = []
    for module in _modules():
        blueprint = getattr(module, "bp", None)
        if not isinstance(blueprint, Blueprint):
            continue
        app.register_blueprint(blueprint)
        if hasattr(module, "init_app"):
            module.init_app(app)
        nav = getattr(module, "NAV", ())
        items.extend([nav] if isinstance(nav, NavItem) else nav)
    return sorted(items, key=lambda item: item.order)


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.iter_modules(blueprints.__path__, blueprints.__name__ + "."):
        if not found.name.rpartition(".")[2].startswith("_"):
            yield importlib.import_module(found.name)
    for entry in entry_points(group=ENTRY_POINTS):
        log.info("plugin_found", plugin=entry.name)
        yield entry.load()
