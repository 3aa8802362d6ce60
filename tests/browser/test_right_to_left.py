"""No page scrolls sideways when its words are a third longer and run from right to left."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page, Route

from tests.support.matrix import World, stranger
from tests.support.pseudo_pages import pages, world_of
from wabot import config

from .accessibility import NARROW, WIDE, sideways

pytestmark = pytest.mark.browser
SITE = "http://wabot.example"


@pytest.fixture
def world(settings: config.Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    with world_of(settings, tmp_path, monkeypatch) as made:
        yield made


def served(route: Route, written: dict[str, str], client: FlaskClient) -> None:
    """A page that was asked for before, or a file of the app; nothing else is there."""
    path = urlsplit(route.request.url).path
    if path in written:
        route.fulfill(body=written[path], content_type="text/html; charset=utf-8")
    elif path.startswith("/static/"):
        with client.get(path) as answer:
            route.fulfill(status=answer.status_code, body=answer.get_data(), content_type=answer.content_type)
    else:
        route.abort()


def scrolling(page: Page, path: str) -> Iterator[str]:
    page.goto(path, wait_until="load")
    page.evaluate("document.fonts.ready.then(() => 1)")
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        if (by := sideways(page)) > 0:
            yield f"by {by} px at {size['width']}"


def test_no_page_scrolls_sideways_in_a_long_language_from_right_to_left(world: World, browser: Browser) -> None:
    found = list(pages(world, without=set()))
    written = {f"/{number}": page for number, (_, page) in enumerate(found) if "<html" in page}
    assert len(written) > 30
    with browser.new_context(base_url=SITE, reduced_motion="reduce") as context:
        page, client = context.new_page(), stranger(world.app)
        page.route("**/*", lambda route: served(route, written, client))
        wrong = {found[int(path[1:])][0]: each for path in written if (each := list(scrolling(page, path)))}
    assert wrong == {}
