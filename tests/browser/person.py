"""What a person does with the pages: clicks and types, finds things by their labels, and looks."""

from __future__ import annotations

import base64
import re

from playwright.sync_api import Locator, Page, expect

from tests.support.api import Api

CHANGES_WITHIN_MS = 40_000
"""Chromium has to start behind a session before its state can change."""


class Person:
    def __init__(self, page: Page, user: Api) -> None:
        self.page = page
        self.user = user

    def register(self) -> Person:
        self.page.goto("/")
        self.page.get_by_role("link", name="Create account").click()
        self.page.get_by_label("Name").fill(self.user.name)
        self._email_and_password()
        self.page.get_by_role("button", name="Create account").click()
        self.page.wait_for_url("**/dashboard")
        return self

    def log_in(self) -> Person:
        self.page.goto("/login")
        self._email_and_password()
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(re.compile("/(dashboard|settings/password)$"))
        return self

    def _email_and_password(self) -> None:
        self.page.get_by_label("Email").fill(self.user.email)
        self.page.get_by_label("Password").fill(self.user.password)

    def start_linking(self) -> None:
        self.page.goto("/whatsapp")
        self.page.get_by_label("Test mode").check()
        self.page.get_by_role("button", name="Link WhatsApp").click()

    def photograph_qr(self) -> str:
        """The screen as a camera sees it: a PNG of the window, base64."""
        self.page.locator("#qr :is(svg, img)").wait_for(timeout=CHANGES_WITHIN_MS)
        return base64.b64encode(self.page.screenshot()).decode()

    def sees_session(self, status: str) -> Locator:
        panel = self.page.locator("#session-panel")
        expect(panel).to_have_attribute("data-status", status, timeout=CHANGES_WITHIN_MS)
        return panel

    def send(self, to: str, text: str) -> str:
        """Returns the message's id, from the page it ends on."""
        self.page.goto("/messages/new")
        self.page.get_by_label("To", exact=True).fill(to)
        self.page.get_by_label("Message", exact=True).fill(text)
        self.page.get_by_role("button", name="Send message").click()
        self.page.wait_for_url(re.compile(r"/messages/[0-9a-f]{24}$"))
        return self.page.url.rsplit("/", 1)[1]

    def sees_tick(self, message_id: str, word: str) -> None:
        tick = self.page.locator(f'[data-message="{message_id}"] [data-tick]')
        expect(tick).to_have_text(word, timeout=CHANGES_WITHIN_MS)

    def disconnect(self) -> None:
        self.page.goto("/whatsapp")
        self.page.get_by_role("button", name="Disconnect").click()
        self.page.locator("#confirm-dialog").get_by_role("button", name="Disconnect").click()

    def mark_document(self) -> None:
        """A mark that a reload would wipe."""
        self.page.evaluate("window.marked = true")

    def document_is_marked(self) -> bool:
        return bool(self.page.evaluate("window.marked === true"))
