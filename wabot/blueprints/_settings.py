"""The page /settings is a row of sections, each with a template of its own. A blueprint that has one adds it here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import render_template

from ..store.records import User
from ._context import page_user


def _nothing(_: User) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Section:
    """`template` lies below templates/settings; `context` gives what it shows of the user; `id` is its address, `/settings#id`."""

    id: str
    title: str
    text: str
    template: str
    order: int
    context: Callable[[User], dict[str, Any]] = _nothing


_SECTIONS: dict[str, Section] = {}


def add_section(section: Section) -> None:
    _SECTIONS[section.id] = section


def settings_page(form: str = "", **more: Any) -> str:
    """All sections. After an error `form` is the section whose form is shown again, with `errors` and `values`."""
    user = page_user()
    sections = sorted(_SECTIONS.values(), key=lambda one: one.order)
    context = {name: value for one in sections for name, value in one.context(user).items()}
    kept: dict[str, Any] = {"errors": {}, "values": {}, "form": form}
    return render_template("settings.html", sections=sections, user=user, **{**context, **kept, **more})
