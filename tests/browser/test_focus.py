"""Where the keyboard and a reader go on after a button that is gone once it was pressed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from tests.support.api import Api
from wabot.lib.clock import now, to_rfc3339

from .conftest import OpenPage
from .person import Person

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
        user.initialize("default", network="sandbox")
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
