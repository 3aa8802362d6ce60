"""Every page of wabot in the made-up language, without a server: the pages of the matrix, asked for as those who may see them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests.matrix_rows import ADMIN_PAGES, PAGES, PUBLIC
from tests.support import pseudo
from tests.support.matrix import Row, World, ask, stranger
from wabot import config
from wabot.app import create_app
from wabot.blueprints._languages import COOKIE
from wabot.lib import languages

FOR_DEVELOPERS = {"/styleguide", "/docs", "/docs/<name>", "/api/docs", "/api/docs/<operation_id>"}
"""English by choice: documents, and the page of all parts."""


@contextmanager
def world_of(settings: config.Settings, directory: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The made-up language is one of those that wabot knows, and everybody's."""
    monkeypatch.setattr(languages, "DIRECTORIES", [*languages.DIRECTORIES, pseudo.write(directory / "translations")])
    languages.known.cache_clear()
    app = create_app(settings)
    made = World(app)
    for person in (made.owner, made.admin):
        made.services.store.users.change(person.user.id, {"language": pseudo.LOCALE})
    yield made
    app.extensions["wabot"].close()
    languages.known.cache_clear()


def pages(world: World, *, without: set[str]) -> Iterator[tuple[str, str]]:
    """(rule, page) of whatever answers with one."""
    for rows, client in _everybody(world):
        for route, row in rows.items():
            method, rule = route.split(" ", 1)
            if method == "GET" and rule not in without:
                answer = ask(world, row, method, rule, client)
                if answer.mimetype == "text/html" and answer.status_code != 302:
                    yield rule, answer.get_data(as_text=True)


def _everybody(world: World) -> Iterator[tuple[dict[str, Row], FlaskClient]]:
    anonymous = stranger(world.app)
    anonymous.set_cookie(COOKIE, pseudo.LOCALE)
    yield from [(PUBLIC, anonymous), (PAGES, world.owner.browser), (ADMIN_PAGES, world.admin.browser)]
