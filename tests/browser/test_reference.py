"""The API's reference: a call is tried where it is described."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from .conftest import HURRIED, OpenPage

pytestmark = pytest.mark.browser

CALL = "/api/docs/openapi"


def test_an_answer_is_said_in_the_language_of_the_reader(open_page: OpenPage) -> None:
    with open_page(locale="pt-BR") as page:
        page.goto(CALL)
        button = page.locator("[data-try]").get_by_role("button")
        button.click()
        expect(page.locator("[data-status]")).to_have_text(re.compile(r"^200 OK em [\d.]+ ms$"))
        expect(button).to_be_focused()


def test_a_call_that_nobody_answers_ends_with_advice(page: Page) -> None:
    page.add_init_script(HURRIED)
    page.goto(CALL)
    page.route("**/api/openapi.json", lambda _: None)
    page.get_by_role("button", name="Send the request").click()
    expect(page.locator("[data-status]")).to_have_text("No answer")
    expect(page.locator("[data-text]")).to_contain_text("It may have been carried out all the same")
    page.unroute("**/api/openapi.json")
    page.get_by_role("button", name="Send the request").click()
    expect(page.locator("[data-status]")).to_contain_text("200 OK")


def test_what_is_printed_is_dark_ink_on_white_paper(open_page: OpenPage) -> None:
    """Browsers print no backgrounds."""
    with open_page(color_scheme="dark") as page:
        page.goto(CALL)
        page.emulate_media(media="print")
        for part in (page.locator("h1"), page.locator(".code pre").first):
            expect(part).to_have_css("color", re.compile(r"^(black|rgb\(0, 0, 0\))$"))
        expect(page.get_by_role("button", name="Copy").first).to_be_hidden()


@pytest.mark.parametrize(("key", "why"), [("wb_12345678…", "character"), ("wb_12345678", "No answer")])
def test_what_was_never_sent_is_not_said_to_be_carried_out(page: Page, key: str, why: str) -> None:
    """A key that can't be one, and a session nobody can tell of."""
    page.add_init_script(HURRIED)
    page.goto("/api/docs/send_message")
    page.route("**/api/whatsapp/status*", lambda _: None)
    page.get_by_label("Your API key or login token").fill(key)
    page.get_by_role("button", name="Send the request").click()
    expect(page.locator("[data-status]")).to_have_text("Not sent")
    expect(page.locator("[data-text]")).to_contain_text(why)
