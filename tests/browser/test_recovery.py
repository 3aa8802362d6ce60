"""A person who forgot their password, from the login page to being in again; the pages of their links in both themes and widths."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api
from tests.support.mailbox import files, link_of, text_of
from tests.support.stack import Stack
from tests.support.waiting import wait_until

from .accessibility import violations_everywhere
from .person import Person

pytestmark = pytest.mark.browser


def newest_link(stack: Stack, address: str, subject: str) -> str:
    """Of the mail the worker sent: waking it takes a moment, its own sweep at most a second."""

    def arrived() -> str | None:
        mails = [one for one in files(stack.data, address) if one["Subject"] == subject]
        return link_of(mails[-1]) if mails else None

    link = wait_until(arrived, 5, f"a mail “{subject}” for {address}")
    stack.secrets.add(link.rpartition("/")[2])
    return link


def test_from_the_login_page_over_the_mail_to_being_in_again(page: Page, stack: Stack, new_user: Callable[[str], Api]) -> None:
    user = new_user("forgetful")
    page.goto("/login")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("Email").fill(user.email)
    page.get_by_role("button", name="Send the link").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    page.goto(newest_link(stack, user.email, "Choose a new password"))
    page.get_by_label("New password").fill("password1")
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Is a very common password")).to_be_visible()
    user.password = f"horse {user.password}"
    stack.secrets.add(user.password)
    page.get_by_label("New password").fill(user.password)
    page.get_by_role("button", name="Set password").click()
    expect(page.get_by_text("Your new password is set")).to_be_visible()
    Person(page, user).log_in()
    expect(page).to_have_url(re.compile("/dashboard$"))
    assert user.get("/api/auth/me").status_code == 401, "the token from before is dead"
    told = wait_until(lambda: [one for one in files(stack.data, user.email) if "was changed" in one["Subject"]], 5, "a notice")
    assert user.email in text_of(told[0])


def test_a_word_on_the_password_while_it_is_typed(page: Page, stack: Stack) -> None:
    page.goto("/register")
    page.get_by_label("Email").fill("robin.weber@example.com")
    password, hint = page.get_by_label("Password"), page.locator("#password-hint")
    password.fill("robin.weber")
    expect(hint).to_contain_text("Is part of your address or name")
    password.fill("four words in a row")
    expect(hint).to_have_text("Hard enough to guess.")
    password.fill("four")
    expect(hint).to_contain_text("At least 8 characters")


def test_a_new_address_by_the_settings(page: Page, stack: Stack, new_user: Callable[[str], Api]) -> None:
    user = new_user("moving")
    new = f"moved-{user.email}"
    Person(page, user).log_in()
    page.goto("/settings")
    form = page.locator("form[action='/settings/email']")
    form.get_by_label("New address").fill(new)
    form.get_by_label("Current password").fill(user.password)
    form.get_by_role("button", name="Send the link").click()
    expect(page.get_by_text(f"A mail is on its way to {new}")).to_be_visible()
    page.goto(newest_link(stack, new, "Confirm your new address"))
    page.get_by_role("button", name="Confirm the address").click()
    expect(page.get_by_text(f"{new} is confirmed")).to_be_visible()
    page.goto("/settings")
    expect(form).to_contain_text(f"Your address is {new}")


def test_the_page_of_a_link_is_accessible(page: Page, stack: Stack, new_user: Callable[[str], Api]) -> None:
    user = new_user("looking")
    user.post("/api/auth/forgot-password", {"email": user.email})
    page.goto(newest_link(stack, user.email, "Choose a new password"))
    assert violations_everywhere(page) == []
