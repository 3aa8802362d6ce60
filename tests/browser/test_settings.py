"""The settings in a real browser: a second factor from its set-up to the login, logins that end on other screens, the end of an account."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.api import Api, ApiError
from tests.support.stack import Stack
from tests.support.waiting import wait_until

from .accessibility import violations_everywhere
from .conftest import OpenPage
from .person import Person

pytestmark = pytest.mark.browser

ERASED_WITHIN = 60
FACTOR = "/settings/second-factor"


@pytest.fixture
def user(new_user: Callable[[str], Api]) -> Api:
    return new_user("settler")


def app_code(secret: str, steps: int = 0) -> str:
    return pyotp.TOTP(secret).at(datetime.now(UTC), counter_offset=steps)


def set_up(page: Page, user: Api) -> tuple[str, list[str]]:
    """As a person does who types the secret into the app; the code of the step before leaves the present one for the login."""
    page.goto("/settings")
    page.get_by_role("link", name="Set it up").click()
    secret = page.locator("#secret").inner_text()
    user.stack.secrets.add(secret)
    page.get_by_label("Code from the app").fill("000000")
    page.get_by_label("Your password").fill(user.password)
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_text("not the code your app shows now")).to_be_visible()
    assert page.locator("#secret").inner_text() == secret
    page.get_by_label("Code from the app").fill(app_code(secret, -1))
    page.get_by_label("Your password").fill(user.password)
    page.get_by_role("button", name="Turn it on").click()
    codes = page.locator("#recovery-codes").inner_text().split()
    user.stack.secrets.update(codes)
    return secret, codes


def enter_password(page: Page, user: Api) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(user.email)
    page.get_by_label("Password").fill(user.password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url("**/login/code")


def enter_code(page: Page, code: str) -> None:
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Log in").click()


def test_a_second_factor_from_set_up_to_login(page: Page, open_page: OpenPage, user: Api) -> None:
    Person(page, user).log_in()
    secret, codes = set_up(page, user)
    assert len(codes) == 10
    with open_page() as other:
        enter_password(other, user)
        enter_code(other, "000000")
        expect(other.get_by_label("Code")).to_have_attribute("aria-invalid", "true")
        enter_code(other, app_code(secret))
        other.wait_for_url("**/dashboard")
    with open_page(java_script_enabled=False) as other:
        enter_password(other, user)
        enter_code(other, codes[0])
        other.wait_for_url("**/dashboard")
        other.goto("/settings")
        expect(other.locator("#second-factor")).to_contain_text("9 recovery codes left")
    with pytest.raises(ApiError) as refused:
        user.login()
    assert (refused.value.status, refused.value.code) == (401, "otp_required")
    answer = user.post("/api/auth/login", {"email": user.email, "password": user.password, "otp": codes[1]})
    assert answer.status_code == 200
    user.stack.secrets.add(answer.json()["token"])


def test_an_ended_login_leaves_the_page(page: Page, open_page: OpenPage, user: Api) -> None:
    """The other screen is live, and is taken to the login page when its login ends here."""
    Person(page, user).log_in()
    with open_page() as other:
        Person(other, user).log_in()
        expect(other.locator("html")).to_have_attribute("data-live", "yes")
        page.goto("/settings")
        row = page.locator("#logins li").filter(has_not=page.get_by_text("This one")).filter(has_text="Chrome on Linux")
        row.get_by_role("button", name="End").click()
        page.locator("#confirm-dialog").get_by_role("button", name="End this login").click()
        expect(page.get_by_text("That login has ended")).to_be_visible()
        other.wait_for_url(re.compile("/login"), timeout=3000)
    page.goto("/dashboard")
    expect(page).to_have_url(re.compile("/dashboard"))


def test_logging_out_leads_to_the_login_page_alone(page: Page, user: Api) -> None:
    """However late the form is answered: the live connection ends earlier."""
    with page.expect_websocket() as opened:
        Person(page, user).log_in()
    socket = opened.value

    def answer_late(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        if not socket.is_closed():
            socket.wait_for_event("close")
        route.fulfill(response=answer)

    expect(page.locator("html")).to_have_attribute("data-live", "yes")
    page.route("**/logout", answer_late)
    page.get_by_role("button", name="Log out").click()
    page.wait_for_url("**/login*")
    assert page.url == f"{user.stack.url}/login"


def test_a_second_factor_is_accessible(open_page: OpenPage, user: Api) -> None:
    """The states that have no address of their own."""
    wrong: dict[str, Any] = {}
    with open_page(reduced_motion="reduce") as page:
        Person(page, user).log_in()
        set_up(page, user)
        wrong["codes"] = violations_everywhere(page)
        page.goto(FACTOR)
        wrong["manage"] = violations_everywhere(page)
        page.context.clear_cookies()
        enter_password(page, user)
        wrong["code"] = violations_everywhere(page)
    assert not {name: found for name, found in wrong.items() if found}


@pytest.fixture
def leaving(new_user: Callable[[str], Api]) -> Api:
    user = new_user("leaver")
    user.link("+12025550931")
    return user


def test_a_deleted_account_is_locked_at_once_and_leaves_no_login(page: Page, leaving: Api, stack: Stack) -> None:
    leaving.wait_for_message(leaving.send("+12025570931", "farewell to everybody")["id"], "delivered", "read")
    key = leaving.key("read")
    profiles = stack.data / "gateway" / "profiles" / "sandbox"
    before = {one.name for one in profiles.iterdir()}
    user_id = leaving.get("/api/auth/me").json()["user"]["id"]
    Person(page, leaving).log_in()
    page.goto("/settings")
    page.get_by_role("link", name="Delete…").click()
    page.get_by_label(f"Type {leaving.email} to confirm").fill(leaving.email)
    page.get_by_label("Your password").fill(leaving.password)
    page.get_by_role("button", name="Delete my account for good").click()
    page.wait_for_url("**/login")
    expect(page.get_by_text("Your account is deleted")).to_be_visible()
    assert leaving.get("/api/auth/me").status_code == 401
    assert leaving.get("/api/messages", token=key).status_code == 401

    def erased() -> bool:
        return any('"event": "user_erased"' in line and user_id in line for line in stack.logs("worker").splitlines())

    wait_until(erased, ERASED_WITHIN, "the worker has erased everything")
    assert len(before - {one.name for one in profiles.iterdir()}) == 1, "the login at WhatsApp is wiped"
