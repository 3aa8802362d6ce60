"""Where the keyboard and a reader go on after a button that is gone once it was pressed, and when the page changes by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.api import Api
from tests.support.stack import Stack
from wabot.lib.clock import now, to_rfc3339

from .conftest import OpenPage
from .person import CHANGES_WITHIN_MS, Person

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scripts", [True, False])
def test_the_focus_begins_at_what_is_said_and_at_what_changed(
    open_page: OpenPage, new_user: Callable[[str], Api], scripts: bool
) -> None:
    user = new_user("focus")
    user.key("read", name="Shop")
    with open_page(java_script_enabled=scripts) as page:
        Person(page, user).log_in()
        page.goto("/keys")
        page.get_by_role("button", name="Revoke “Shop”").press("Enter")
        expect(page.locator("#said")).to_be_focused()
        page.keyboard.press("Tab")
        expect(page.get_by_role("button", name="Undo")).to_be_focused()
        page.goto("/sandbox")
        page.get_by_role("button", name="Create phone").press("Enter")
        page.goto("/whatsapp")
        page.get_by_label("Test mode").check()
        page.get_by_role("button", name="Link WhatsApp").press("Enter")
        expect(page.locator("#session-panel")).to_be_focused()
        user.wait_for_status("qr")
        page.goto("/whatsapp")
        page.get_by_role("button", name="Scan with").press("Enter")
        expect(page.locator("#session-panel")).to_be_focused()
        user.wait_for_status("connected")
        due = to_rfc3339(now() + timedelta(days=1))
        message = user.post("/api/messages/send", {"to": "+12025570913", "message": "tomorrow", "send_at": due}).json()
        page.goto(f"/messages/{message['id']}")
        page.get_by_role("button", name="Cancel").press("Enter")
        expect(page.locator("#said")).to_be_focused()
        user.disconnect()


def test_what_is_said_is_in_sight_wherever_the_browser_stood_as_it_gave_it_the_focus(robin: Person) -> None:
    """Firefox gives it before the page has its style, and stays where it was then: often below the end of the page."""
    page, held = robin.page, []

    def hold(route: Route) -> None:
        held.append(route)

    page.goto("/settings")
    page.route("**/js/base.js", hold)
    page.get_by_role("button", name="Save").first.click(no_wait_after=True)
    expect(page.locator("#said")).to_be_focused()
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    expect(page.locator("#said")).not_to_be_in_viewport()
    held[0].continue_()
    expect(page.locator("#said")).to_be_in_viewport()


def test_what_changes_by_itself_leaves_the_focus_where_it_was(page: Page, linked_user: Api, stack: Stack) -> None:
    """On links of lists that are drawn anew, and beside a button that is gone."""
    Person(page, linked_user).log_in()
    for number in ("+12025550912", "+12025550919"):
        stack.sandbox("PUT", f"/phones/{number}", name="Kim")
        stack.sandbox("POST", f"/phones/{number}/send", to="+12025550911", text="first")
    page.goto("/inbox")
    expect(page.locator(".chat-link").first).to_be_visible()
    page.locator(".chat-link").last.focus()
    focused = page.evaluate("document.activeElement.getAttribute('href')")
    for text in ("second", "third"):
        stack.sandbox("POST", "/phones/+12025550912/send", to="+12025550911", text=text)
        expect(page.locator(".chat-link").first).to_contain_text(text)
        assert page.evaluate("document.activeElement.getAttribute('href')") == focused
    due = to_rfc3339(now() + timedelta(seconds=6))
    message = linked_user.post("/api/messages/send", {"to": "+12025570913", "message": "soon", "send_at": due}).json()
    page.goto(f"/messages/{message['id']}")
    page.get_by_role("button", name="Cancel").focus()
    expect(page.get_by_role("link", name="Send again")).to_be_visible(timeout=CHANGES_WITHIN_MS)
    expect(page.locator("#main")).to_be_focused()


def test_a_dialog_gives_the_focus_back_to_a_button_that_was_drawn_anew(page: Page, linked_user: Api) -> None:
    Person(page, linked_user).log_in()
    page.goto("/whatsapp")
    button = page.get_by_role("button", name="Disconnect")
    button.press("Enter")
    expect(page.locator("#confirm-dialog")).to_be_visible()
    page.locator("#session-panel").evaluate("panel => panel.replaceWith(panel.cloneNode(true))")
    page.keyboard.press("Escape")
    expect(button).to_be_focused()


def test_escape_closes_the_choice_of_languages(page: Page) -> None:
    page.goto("/login")
    menu, choice = page.get_by_label("Language: en"), page.get_by_role("button", name="Português (Brasil)")
    menu.press("Enter")
    choice.focus()
    page.keyboard.press("Escape")
    expect(choice).to_be_hidden()
    expect(menu).to_be_focused()
