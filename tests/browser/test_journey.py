"""A newcomer's way through the product, from the first page to a message with blue ticks and back out."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.support.api import Api
from tests.support.stack import Stack

from .person import Person

pytestmark = pytest.mark.browser

PHONE = "+12025550901"
FRIEND = "+12025570901"


@pytest.fixture
def newcomer(page: Page, stack: Stack) -> Person:
    return Person(page, Api(stack, "newcomer")).register()


@pytest.fixture
def connected(newcomer: Person, stack: Stack) -> Person:
    """Linked as a person does it: the phone gets a photograph of the screen."""
    stack.sandbox("PUT", f"/phones/{PHONE}", name="Newcomer")
    newcomer.start_linking()
    photograph = newcomer.photograph_qr()
    newcomer.mark_document()
    stack.sandbox("POST", f"/phones/{PHONE}/scan", image=photograph)
    newcomer.sees_session("connected")
    return newcomer


def test_first_page_after_registration_says_what_to_do_next(newcomer: Person) -> None:
    expect(newcomer.page.locator("#next-step")).to_contain_text("Link your WhatsApp account")


def test_a_message_from_the_page_shows_its_ticks_without_a_reload(connected: Person, stack: Stack) -> None:
    assert connected.document_is_marked(), "the page was reloaded"
    expect(connected.page.locator("#session-panel")).to_contain_text("Newcomer")

    message = connected.send(FRIEND, "Hello *there* 👋")
    connected.mark_document()
    connected.sees_tick(message, "Delivered")
    stack.sandbox("POST", f"/phones/{FRIEND}/read")
    connected.sees_tick(message, "Read")
    assert connected.document_is_marked(), "the page was reloaded"
    inbox = [one["body"] for one in stack.sandbox("GET", f"/phones/{FRIEND}/inbox")]
    assert inbox.count("Hello *there* 👋") == 1

    connected.disconnect()
    expect(connected.sees_session("disconnected")).to_contain_text("Not connected")
    expect(connected.page.get_by_role("button", name="Link WhatsApp")).to_be_visible()


def test_new_key_sends_with_the_line_that_is_shown(connected: Person, stack: Stack) -> None:
    page = connected.page
    page.goto("/keys")
    page.get_by_label("Name").fill("Shop")
    page.get_by_role("button", name="Create key").click()
    stack.secrets.add(page.locator("#new-key").inner_text())
    line = page.locator("#new-key-curl").inner_text()
    shown = re.fullmatch(r'curl "(http[^"]+)"', line)
    assert shown, line
    answer = requests.get(shown[1], timeout=30)
    assert answer.status_code == 200, answer.text
    page.goto("/keys")
    assert page.locator("#new-key").count() == 0, "a key is shown once"


def test_log_shows_new_messages_without_a_reload(connected: Person) -> None:
    connected.page.goto("/messages")
    connected.mark_document()
    message = connected.user.login().send(FRIEND, "from a program")
    connected.sees_tick(message["id"], "Delivered")
    assert connected.document_is_marked(), "the page was reloaded"
