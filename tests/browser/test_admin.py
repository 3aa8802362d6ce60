"""An administrator watches every session live, restarts and disconnects, and finds it in the audit log."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.support.api import Api
from tests.support.stack import Stack

from .conftest import OpenPage
from .person import CHANGES_WITHIN_MS, Person

pytestmark = pytest.mark.browser

LIST = "**/admin/sessions/list*"


@pytest.fixture(scope="module")
def owner(stack: Stack) -> Iterator[Api]:
    made = Api(stack, "owner").register()
    made.link("+12025550921")
    yield made
    made.disconnect()


@pytest.fixture
def watched(page: Page, administrator: Api, owner: Api) -> Page:
    """The list, narrowed to the owner's sessions."""
    Person(page, administrator).log_in()
    page.goto(f"/admin/sessions?q={owner.email}")
    return page


def row(page: Page, name: str) -> Locator:
    return page.locator("tbody", has=page.get_by_text(name, exact=True))


def test_the_list_is_live_and_leaves_the_focus_where_it_is(watched: Page, owner: Api) -> None:
    button = row(watched, "default").get_by_role("button", name="Restart")
    button.focus()
    watched.evaluate("window.marked = true")
    owner.initialize("second")
    expect(row(watched, "second").locator('[data-status="qr"]')).to_be_visible(timeout=CHANGES_WITHIN_MS)
    expect(button).to_be_focused()
    owner.disconnect("second")
    expect(row(watched, "second")).to_contain_text("Not connected", timeout=CHANGES_WITHIN_MS)
    expect(button).to_be_focused()
    assert watched.evaluate("window.marked") is True, "the page was reloaded"


def test_restart_asks_and_is_audited(watched: Page, owner: Api) -> None:
    row(watched, "default").get_by_role("button", name="Restart").click()
    dialog = watched.locator("#confirm-dialog")
    for _ in range(2):
        watched.wait_for_event("response", lambda response: "/admin/sessions/list" in response.url)
    expect(dialog).to_contain_text(f"Restart “default” of {owner.email}?")
    dialog.get_by_role("button", name="Restart").click()
    expect(watched.get_by_text("“default” is being restarted")).to_be_visible()
    assert watched.url.endswith(f"/admin/sessions?q={owner.email}")
    expect(row(watched, "default")).to_contain_text("Connected", timeout=CHANGES_WITHIN_MS)
    assert owner.wait_for_status("connected")["phone"] == "+12025550921", "the login is kept"
    watched.get_by_role("link", name="Audit log").click()
    expect(watched.locator("tbody tr").first).to_contain_text("Restarted a session")


def test_a_declined_disconnect_changes_nothing_an_accepted_one_ends_the_session(watched: Page, owner: Api) -> None:
    owner.link("+12025550922", "third")
    button = row(watched, "third").get_by_role("button", name="Disconnect")
    button.click(timeout=CHANGES_WITHIN_MS)
    watched.keyboard.press("Escape")
    assert owner.status("third")["status"] == "connected"
    button.click()
    watched.locator("#confirm-dialog").get_by_role("button", name="Disconnect").click()
    expect(watched.get_by_text("“third” is logged out of WhatsApp")).to_be_visible(timeout=CHANGES_WITHIN_MS)
    expect(row(watched, "third")).to_contain_text("Not connected")
    assert owner.status("third")["status"] == "disconnected"


def test_the_list_says_when_it_is_not_live(watched: Page) -> None:
    notice = watched.locator("#live-state")
    watched.route(LIST, lambda route: route.fulfill(status=429))
    expect(notice).to_be_visible()
    watched.unroute(LIST)
    expect(notice).to_be_hidden()


def test_overview_leads_to_the_sessions(watched: Page) -> None:
    watched.goto("/admin")
    expect(watched.locator("#session-count")).to_contain_text(re.compile(r"\d+ in all, \d+ connected"))
    watched.get_by_role("link", name="See all sessions").click()
    expect(watched.get_by_role("heading", name="WhatsApp Web versions")).to_be_visible()
    expect(watched.locator("#web-versions")).to_contain_text("Nothing: everything works")


def test_the_pages_work_without_scripts(open_page: OpenPage, administrator: Api, new_user: Callable[[str], Api]) -> None:
    user = new_user("plain")
    user.initialize("plain")
    user.wait_for_status("qr", "plain")
    with open_page(java_script_enabled=False) as page:
        Person(page, administrator).log_in()
        page.goto(f"/admin/sessions?q={user.email}")
        page.get_by_role("checkbox", name="Disconnect “plain”").check()
        page.get_by_role("button", name="Disconnect").click()
        expect(page.get_by_text("“plain” is logged out of WhatsApp")).to_be_visible(timeout=CHANGES_WITHIN_MS)
    assert user.status("plain")["status"] == "disconnected"
