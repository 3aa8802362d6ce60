"""Every page of the URL map: accessible by WCAG 2.2 AA in both themes, no sideways scrolling, and light."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page

from tests.support.api import Api

from . import site
from .accessibility import WIDE, violations_everywhere
from .conftest import OpenPage
from .person import Person

pytestmark = pytest.mark.browser

HEAVIEST = 250_000
"""Bytes that come over the line for a page that a browser sees for the first time."""
MOST_BLOCKING = 0
"""Scripts that hold up the first paint."""
BLOCKING = "[...document.querySelectorAll('script[src]:not([type=module]):not([defer]):not([async])')].length"


@pytest.fixture(scope="module")
def examples(linked_user: Api) -> site.Examples:
    return site.examples_of(linked_user)


@contextmanager
def weighed(page: Page) -> Iterator[list[int]]:
    """The bytes of every answer while it is open, headers and all, nothing from the cache."""
    sizes: list[int] = []
    devtools = page.context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.on("Network.loadingFinished", lambda event: sizes.append(int(event["encodedDataLength"])))
    yield sizes
    devtools.detach()


def wrong_with(page: Page, path: str) -> list[str]:
    with weighed(page) as sizes:
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]
        page.emulate_media(color_scheme="light")
        page.goto(path, wait_until="load")
        page.evaluate("document.fonts.ready.then(() => 1)")
    weight, found = sum(sizes), violations_everywhere(page)
    if weight > HEAVIEST or weight < 10_000:
        found.append(f"{weight} bytes")
    if page.evaluate(BLOCKING) > MOST_BLOCKING:
        found.append("a script blocks")
    return found


def look(page: Page, paths: list[str]) -> dict[str, list[str]]:
    assert len(paths) > 5
    return {path: found for path in paths if (found := wrong_with(page, path))}


def test_pages_for_everybody(open_page: OpenPage, examples: site.Examples) -> None:
    with open_page(reduced_motion="reduce") as page:
        assert look(page, site.pages("public", examples)) == {}


def test_pages_of_a_user(open_page: OpenPage, linked_user: Api, examples: site.Examples) -> None:
    with open_page(reduced_motion="reduce") as page:
        Person(page, linked_user).log_in()
        assert look(page, site.pages("user", examples)) == {}


def test_pages_of_somebody_who_has_nothing_yet(open_page: OpenPage, new_user: Callable[[str], Api]) -> None:
    with open_page(reduced_motion="reduce") as page:
        Person(page, new_user("nothing")).log_in()
        assert look(page, site.EMPTY) == {}


def test_pages_of_an_administrator(open_page: OpenPage, administrator: Api, examples: site.Examples) -> None:
    with open_page(reduced_motion="reduce") as page:
        Person(page, administrator).log_in()
        assert look(page, site.pages("admin", examples)) == {}
