"""An administrator switches the limits on and off, and sees them at work; a user is stopped, let through, and stopped again."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support import limits
from tests.support.api import Api

from .conftest import OpenPage
from .person import Person

pytestmark = pytest.mark.browser

TOGGLE = "Limit sending and API calls"


@pytest.fixture
def settings(open_page: OpenPage, administrator: Api) -> Iterator[Page]:
    """The page; afterwards the limits are out of the way again."""
    with open_page() as page:
        Person(page, administrator).log_in()
        page.goto("/admin/settings")
        yield page
    limits.change(administrator, enabled=False, send_per_minute=limits.PLENTY)


def save(page: Page) -> None:
    page.get_by_role("button", name="Save settings").click()
    expect(page.get_by_text("Saved. It takes effect with the next request.")).to_be_visible()


def compose(page: Page, text: str) -> None:
    page.goto("/messages/new")
    page.get_by_label("To", exact=True).fill("+1 202 557 0199")
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send message").click()


def passes(page: Page, text: str) -> None:
    compose(page, text)
    page.wait_for_url(re.compile(r"/messages/[0-9a-f]{24}$"))


def is_refused(page: Page, text: str) -> None:
    compose(page, text)
    expect(page.get_by_text(re.compile(r"Too many messages: the limit is 1 a minute. Try again in \d+ seconds?"))).to_be_visible()
    expect(page.get_by_label("Message", exact=True)).to_have_value(text)


def test_the_toggle_is_wired_to_the_limits(settings: Page, robin: Person) -> None:
    settings.get_by_label(TOGGLE).check()
    settings.get_by_label("Messages a minute").fill("1")
    save(settings)
    passes(robin.page, "one")
    is_refused(robin.page, "two")
    refused = settings.locator("#limits-now tr[data-refused]", has_text=robin.user.email)
    expect(refused).to_contain_text("Messages a minute")
    settings.get_by_label(TOGGLE).uncheck()
    save(settings)
    expect(settings.get_by_text("Limits are switched off.")).to_be_visible()
    passes(robin.page, "three")
    settings.get_by_label(TOGGLE).check()
    save(settings)
    is_refused(robin.page, "four")


def test_a_wrong_number_is_kept_and_named(settings: Page) -> None:
    settings.get_by_label("API calls a minute").fill("0")
    settings.get_by_role("button", name="Save settings").click()
    field = settings.get_by_label("API calls a minute")
    expect(field).to_have_value("0")
    expect(field).to_have_accessible_description(re.compile("Needs a whole number from 1 to 1,000,000"))
