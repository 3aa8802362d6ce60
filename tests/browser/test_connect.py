"""Linking when it does not go straight: codes that run out, codes to type, several sessions; and small things of other pages."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api
from tests.support.stack import Stack

from .accessibility import violations_everywhere
from .conftest import OpenPage
from .person import CHANGES_WITHIN_MS, Person

pytestmark = pytest.mark.browser

PHONE = "+12025550931"


@pytest.fixture
def person(page: Page, new_user: Callable[[str], Api]) -> Iterator[Person]:
    made = Person(page, new_user("connect")).log_in()
    yield made
    for one in made.user.get("/api/whatsapp/sessions").json()["items"]:
        made.user.disconnect(one["session"])


@pytest.fixture
def hurried(stack: Stack) -> Iterator[None]:
    """Each QR code holds for an instant, so that the session soon gives up."""
    stack.sandbox("PUT", "/faults", expire_qr_ms=300)
    yield
    stack.sandbox("PUT", "/faults", expire_qr_ms=0)


@contextmanager
def gateway_stopped(stack: Stack, others: Api) -> Iterator[None]:
    """The gateway hangs: it neither answers nor ends. Afterwards everybody's sessions are waited for."""
    pid = stack.kill("gateway", signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kill("gateway", signal.SIGCONT)
        assert pid == stack.pid("gateway")
        others.wait_for_status("connected")


def test_who_has_no_virtual_phone_gets_one_beside_the_code(person: Person) -> None:
    person.start_linking()
    person.page.get_by_role("button", name="Create a virtual phone").click(timeout=CHANGES_WITHIN_MS)
    person.page.get_by_role("button", name="Scan with My phone").click()
    person.sees_session("connected")


def test_what_has_not_changed_stays_while_a_code_is_shown(person: Person) -> None:
    """A screen reader that reads along would be thrown out of whatever is drawn anew."""
    person.start_linking()
    person.photograph_qr()
    expect(person.page.locator("[data-expires]")).to_have_text(re.compile(r"New code in \d+ s"))
    heading = person.page.locator("#session-panel h2")
    heading.evaluate("node => { node.marked = true }")
    for _ in range(2):  # the last may not be drawn yet
        with person.page.expect_response("**/whatsapp?session=*"):
            pass
    assert heading.evaluate("node => node.marked === true")
    expect(person.page.locator("[data-expires]")).to_have_text(re.compile(r"New code in \d+ s"))


def add_phone(page: Page, number: str) -> None:
    page.goto("/sandbox")
    page.locator('form[action="/sandbox/phones"] [name="number"]').first.evaluate(
        "(field, text) => { field.value = text }", number
    )
    page.get_by_role("button", name="Create phone").click()
    expect(page.locator(".phone")).to_be_visible()


def test_a_code_left_unscanned_is_followed_by_an_offer(person: Person, hurried: None, stack: Stack) -> None:
    person.start_linking()
    panel = person.sees_session("disconnected")
    expect(panel).to_contain_text("No code was scanned")
    stack.sandbox("PUT", "/faults", expire_qr_ms=0)
    panel.get_by_role("button", name="Show a new code").click()
    person.sees_session("qr")
    expect(person.page.locator("#qr :is(svg, img)")).to_be_visible()
    assert person.user.status()["network"] == "sandbox"


def test_a_code_nobody_answers_for_is_not_left_standing(person: Person, stack: Stack, linked_user: Api) -> None:
    person.start_linking()
    person.sees_session("qr")
    person.mark_document()
    with gateway_stopped(stack, linked_user):
        expect(person.page.get_by_text("gateway has not answered for some seconds")).to_be_visible(timeout=CHANGES_WITHIN_MS)
        assert person.page.locator("#qr").count() == 0
        assert person.document_is_marked(), "the page was reloaded"
    person.sees_session("qr")
    expect(person.page.locator("#qr :is(svg, img)")).to_be_visible()


def test_a_start_that_nobody_answers_says_so_and_goes_on_by_itself(person: Person, stack: Stack, linked_user: Api) -> None:
    with gateway_stopped(stack, linked_user):
        person.start_linking()
        expect(person.page.get_by_text("gateway has not answered for some seconds")).to_be_visible(timeout=CHANGES_WITHIN_MS)
    person.sees_session("qr")


def test_a_code_can_be_copied_and_typed_on_the_phone(open_page: OpenPage, new_user: Callable[[str], Api]) -> None:
    user = new_user("typist")
    with open_page(permissions=["clipboard-read", "clipboard-write"]) as page:
        person = Person(page, user).log_in()
        add_phone(page, PHONE)
        page.goto("/whatsapp")
        page.get_by_label("Test mode").check()
        page.get_by_label("Type a code").check()
        page.get_by_label("Phone number of the account").fill(PHONE)
        page.get_by_role("button", name="Link WhatsApp").click()
        panel = person.sees_session("pairing")
        code = panel.locator("#pairing-code")
        expect(code).to_have_text(re.compile(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$"))
        user.stack.secrets.add(code.inner_text().replace("-", ""))
        panel.get_by_role("button", name="Copy").click()
        expect(panel.get_by_role("button", name="Copied")).to_be_visible()
        assert page.evaluate("navigator.clipboard.readText()") == code.inner_text()
        panel.get_by_role("button", name="Type it with").click()
        person.sees_session("connected")
    user.disconnect()


def test_several_sessions_are_added_and_deleted(person: Person) -> None:
    page = person.page
    person.start_linking()
    person.sees_session("qr")
    page.get_by_text("Link another account").click()
    another = page.locator("#another")
    another.get_by_label("Session name").fill("shop")
    another.get_by_label("Test mode").check()
    another.get_by_role("button", name="Link WhatsApp").click()
    page.wait_for_url("**/whatsapp?session=shop#session-panel")
    person.sees_session("qr")
    tabs = page.get_by_role("navigation", name="Sessions").get_by_role("link")
    expect(tabs).to_have_count(2)
    page.get_by_role("button", name="Cancel").click()
    person.sees_session("disconnected")
    page.get_by_role("button", name="Delete").click()
    page.locator("#confirm-dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("“shop” is deleted")).to_be_visible()
    assert [one["session"] for one in person.user.get("/api/whatsapp/sessions").json()["items"]] == ["default"]


def test_what_is_chosen_and_typed_survives_the_live_updates(person: Person) -> None:
    page = person.page
    page.clock.install()
    page.goto("/whatsapp")
    page.get_by_label("Type a code").check()
    phone = page.get_by_label("Phone number of the account")
    phone.fill("+49 30")
    phone.blur()
    with page.expect_response("**/whatsapp?session=default"):
        page.clock.fast_forward("05")  # the page looks by itself
    with page.expect_response("**/whatsapp?session=default"):
        page.clock.fast_forward("05")  # what the answer before changed stands now
    expect(page.get_by_label("Type a code")).to_be_checked()
    expect(phone).to_have_value("+49 30")


def test_a_code_is_shown_accessibly(open_page: OpenPage, new_user: Callable[[str], Api]) -> None:
    user = new_user("shown")
    user.initialize("qr")
    user.initialize("typed", method="code", phone="+12025550199")
    user.wait_for_status("qr", "qr")
    user.wait_for_status("pairing", "typed")
    with open_page(reduced_motion="reduce") as page:
        Person(page, user).log_in()
        for name in ("qr", "typed"):
            page.goto(f"/whatsapp?session={name}")
            assert violations_everywhere(page) == []
    for name in ("qr", "typed"):
        user.disconnect(name)


def test_a_reloaded_key_page_makes_no_second_key(person: Person, stack: Stack) -> None:
    page = person.page
    page.goto("/keys")
    page.get_by_label("Name").fill("Shop")
    page.get_by_role("button", name="Create key").click()
    stack.secrets.add(page.locator("#new-key").inner_text())
    page.reload()
    expect(page.get_by_text("no second key was created")).to_be_visible()
    assert len(person.user.get("/api/keys").json()["items"]) == 1


def test_mark_as_read_means_the_open_chat(person: Person, stack: Stack) -> None:
    page, number = person.page, "+12025550932"
    add_phone(page, number)
    friends = ("+12025550933", "+12025550934")
    for friend in friends:
        stack.sandbox("PUT", f"/phones/{friend}", name="Friend")
        stack.sandbox("POST", f"/phones/{friend}/send", to=number, text="hello")
    page.goto(f"/sandbox?phone=%2B{number[1:]}&with=%2B{friends[0][1:]}")
    page.get_by_role("button", name="Mark as read").click()
    page.wait_for_url("**/sandbox?**with=**")
    chats = {one["with"]: one["unread"] for one in stack.sandbox("GET", f"/phones/{number}/chats")}
    assert chats == {friends[0]: 0, friends[1]: 1}
