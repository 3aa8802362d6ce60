"""Webhooks as a person sets them up: made, tested, looked into, sent again; and what is refused says why."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from standardwebhooks.webhooks import Webhook

from tests.support.api import Api
from tests.support.receiver import Receiver
from tests.support.stack import Stack

from .conftest import OpenPage
from .person import CHANGES_WITHIN_MS, Person

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def lou(stack: Stack) -> Api:
    return Api(stack, "lou").register()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver().start()
    yield running
    running.stop()


def make(page: Page, url: str) -> str:
    """By the form; returns the secret that is shown."""
    page.goto("/webhooks")
    page.get_by_role("link", name="New webhook").first.click()
    page.get_by_label("Address").fill(url)
    page.get_by_label("message.delivered").check()
    page.get_by_role("button", name="Create webhook").click()
    return page.locator("#new-secret").inner_text().strip()


def test_made_tested_inspected_and_sent_again(page: Page, lou: Api, receiver: Receiver) -> None:
    Person(page, lou).log_in()
    receiver.answer = lambda _: 500
    secret = make(page, receiver.url)
    page.get_by_label("Test event").select_option("message.delivered")
    page.get_by_role("button", name="Send a test event").click()
    row = page.locator("[data-delivery]", has_text="message.delivered")
    expect(row).to_contain_text("500", timeout=CHANGES_WITHIN_MS)
    expect(page.locator("#webhook-state")).to_contain_text("Failing", timeout=CHANGES_WITHIN_MS)
    receiver.answer = lambda _: 204
    expect(row).to_have_attribute("data-state", "delivered", timeout=CHANGES_WITHIN_MS)
    expect(page.locator("#webhook-state")).to_contain_text("Working", timeout=CHANGES_WITHIN_MS)
    assert secret not in page.content()

    row.get_by_role("link").click()
    expect(page.locator("#request-body")).to_contain_text('"type": "message.delivered"')
    expect(page.locator("#request-headers")).to_contain_text(f"webhook-id: {receiver.requests[0].id}")
    attempts, tries = page.locator("#attempts li"), len(receiver.requests)
    expect(attempts).to_have_count(tries)
    expect(attempts.first).to_contain_text("Answered 204")
    expect(attempts.last).to_contain_text("Answered 500")
    page.get_by_role("button", name="Deliver again").click()
    expect(attempts).to_have_count(tries + 1, timeout=CHANGES_WITHIN_MS)
    assert len({one.id for one in receiver.requests}) == 1
    for one in receiver.requests:
        Webhook(secret).verify(one.body, one.headers)


def test_a_deletion_and_a_switching_off_can_be_undone(page: Page, lou: Api, receiver: Receiver) -> None:
    Person(page, lou).log_in()
    make(page, receiver.url)
    for mistake in ("Switch off", "Delete"):
        page.get_by_role("button", name=mistake).click()
        expect(page.get_by_role("status")).to_contain_text("Nothing is sent there")
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(receiver.url)
        expect(page.get_by_role("button", name="Switch off")).to_be_visible()


def test_what_is_refused_says_why_and_keeps_what_was_typed(open_page: OpenPage, lou: Api, receiver: Receiver) -> None:
    """Without scripts: these are forms."""
    with open_page(java_script_enabled=False) as page:
        Person(page, lou).log_in()
        page.goto("/webhooks/new")
        page.get_by_label("Address").fill("http://169.254.169.254/latest")
        page.get_by_label("Description").fill("Orders <b>only</b>")
        page.get_by_role("button", name="Create webhook").click()
        expect(page.locator("form")).to_contain_text(["not public"])
        expect(page.get_by_role("link", name="have the events passed to it")).to_have_attribute("href", "/webhooks#try-it")
        expect(page.get_by_label("Description")).to_have_value("Orders <b>only</b>")
        page.get_by_label("Address").fill(receiver.url)
        page.get_by_role("button", name="Create webhook").click()
        expect(page.locator("#webhook-state")).to_contain_text("Orders <b>only</b>")
        page.get_by_role("link", name="Edit").click()
        page.get_by_label("Address").fill("http://127.1/")
        page.get_by_role("button", name="Save").click()
        expect(page.locator("form")).to_contain_text(["unusual form"])
        expect(page.get_by_label("Address")).to_have_value("http://127.1/")


def test_times_are_asked_for_in_the_zone_of_the_browser(open_page: OpenPage, lou: Api, receiver: Receiver) -> None:
    """As they are shown, where the settings name no zone."""
    with open_page(timezone_id="Asia/Tokyo") as page:
        Person(page, lou).log_in()
        make(page, receiver.url)
        page.get_by_label("Test event").select_option("message.received")
        page.get_by_role("button", name="Send a test event").click()
        row = page.locator("[data-delivery]")
        expect(row).to_have_count(1)
        again = page.get_by_label("Send again: everything since (Asia/Tokyo)")
        ago = page.evaluate("shown => (Date.now() - new Date(shown)) / 60000", again.input_value())
        assert 59 < ago < 63, f"{ago} minutes"
        since = page.get_by_label("Since (Asia/Tokyo)", exact=True)
        for minutes, rows in ((-5, 1), (5, 0)):
            local = page.evaluate(f"new Date(Date.now() + {minutes} * 60000).toLocaleString('sv')")[:16].replace(" ", "T")
            since.fill(local)
            page.get_by_role("button", name="Filter").click()
            expect(row).to_have_count(rows)
            expect(since).to_have_value(local)


WORDS_IN_TWO = """() => {
  const node = document.getElementById('listen')
  const walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT)
  const split = []
  for (let text = walker.nextNode(); text; text = walker.nextNode())
    for (const word of text.data.matchAll(/\\S+/g)) {
      const range = document.createRange()
      range.setStart(text, word.index)
      range.setEnd(text, word.index + word[0].length)
      if (new Set([...range.getClientRects()].map((one) => Math.round(one.top))).size > 1) split.push(word[0])
    }
  return split
}"""


def test_a_command_breaks_between_its_words_alone(page: Page, lou: Api) -> None:
    Person(page, lou).log_in()
    page.set_viewport_size({"width": 375, "height": 720})
    page.goto("/webhooks#try-it")
    expect(page.locator("#try-it")).to_be_in_viewport()
    assert page.evaluate(WORDS_IN_TWO) == []
    assert " --url http" in page.locator("#listen").inner_text().replace("\n", " ")
