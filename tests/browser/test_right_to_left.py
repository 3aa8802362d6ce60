"""No page scrolls sideways when its words are a third longer and run from right to left, and with a long address; and what is written so keeps its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Locator, Page, Route

from tests.support.matrix import World, stranger
from tests.support.pseudo_pages import pages, world_of
from tests.support.waiting import wait_until
from wabot import config

from .accessibility import NARROW, WIDE, sideways
from .person import Person

pytestmark = pytest.mark.browser
SITE = "http://wabot.example"
ADDRESS = "wolfeschlegelsteinhausenbergerdorff.maximiliana.josephine@subdomain.example.com"
NAME = "عبد الرحمن بن محمد بن عبد العزيز الطويل الاسم والنسب جدا"
TEXT = "مرحبا يا صديقي العزيز، هذه رسالة طويلة جدا بخصوص طلبك الذي سيصل غدا صباحا إلى عنوانك"
SEEN = """text => {
    const node = text.ownerDocument.createTreeWalker(text, NodeFilter.SHOW_TEXT).nextNode()
    const range = document.createRange()
    range.setStart(node, 0)
    range.setEnd(node, 1)
    const [letter, box] = [range.getBoundingClientRect(), text.getBoundingClientRect()]
    return text.scrollWidth > text.clientWidth && letter.left >= box.left - 1 && letter.right <= box.right + 1
}"""
"""Whether a text is cut, and its first letter is not."""


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
    world.services.store.users.change(world.owner.user.id, {"email": ADDRESS})
    found = list(pages(world, without=set()))
    written = {f"/{number}": page for number, (_, page) in enumerate(found) if "<html" in page}
    assert len(written) > 30
    with browser.new_context(base_url=SITE, reduced_motion="reduce") as context:
        page, client = context.new_page(), stranger(world.app)
        page.route("**/*", lambda route: served(route, written, client))
        wrong = {found[int(path[1:])][0]: each for path in written if (each := list(scrolling(page, path)))}
    assert wrong == {}


def cut_at_its_end(text: Locator) -> bool:
    return bool(text.evaluate(SEEN))


def test_a_name_and_a_text_that_are_too_long_lose_their_end_on_a_page_from_left_to_right(robin: Person) -> None:
    page, writer = robin.page, "+12025570971"
    robin.user.stack.sandbox("PUT", f"/phones/{writer}", name=NAME)
    robin.user.stack.sandbox("POST", f"/phones/{writer}/send", to="+12025550911", text=TEXT)
    chat = wait_until(lambda: robin.user.get("/api/chats", params={"q": writer}).json()["items"], 20, "the text has come in")[0]
    page.set_viewport_size({"width": 320, "height": 700})
    page.goto("/inbox")
    row = page.locator(f"#chat-{chat['id']}")
    assert cut_at_its_end(row.get_by_text(NAME)) and cut_at_its_end(row.get_by_text(TEXT))
    page.goto(f"/inbox/{chat['id']}")
    assert cut_at_its_end(page.locator("#chat-name"))
    robin.user.wait_for_message(robin.user.send(writer, TEXT)["id"], "delivered", "read")
    page.goto("/messages")
    assert cut_at_its_end(page.get_by_text(TEXT).first)
