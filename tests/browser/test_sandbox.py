"""The virtual phone's page, and where else virtual phones are offered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.support.api import Api
from tests.support.stack import Stack

from .accessibility import NARROW, covered_by, violations_everywhere
from .conftest import OpenPage
from .person import CHANGES_WITHIN_MS, Person

pytestmark = pytest.mark.browser

STRANGER = "+12025570941"
NO_NUMBER = "Is not a phone number"


@pytest.fixture
def owner(page: Page, new_user: Callable[[str], Api]) -> Iterator[Person]:
    """Somebody with a virtual phone and nothing else."""
    made = Person(page, new_user("sandy")).log_in()
    take_phone(page)
    yield made
    for one in made.user.get("/api/whatsapp/sessions").json()["items"]:
        made.user.disconnect(one["session"])


def take_phone(page: Page) -> None:
    page.goto("/sandbox")
    page.get_by_role("button", name="Create phone").click()
    expect(page.locator(".phone")).to_be_visible()


def test_the_phone_shows_texts_and_numbers_as_other_pages_do(owner: Person, stack: Stack) -> None:
    page = owner.page
    number = re.sub(r"[^\d+]", "", page.locator(".phone-bar .number").inner_text())
    stack.sandbox("PUT", f"/phones/{STRANGER}")
    stack.sandbox("POST", f"/phones/{STRANGER}/send", to=number, text="*ready* <b>or</b> _not_")
    row = page.locator(".chat-row")
    expect(row.locator(".number")).to_have_text("+1 202-557-0941")
    expect(row.locator(".avatar-dot svg")).to_be_visible()
    row.click()
    expect(page.locator(".phone-bar .number")).to_have_text("+1 202-557-0941")
    bubble = page.locator(".bubble")
    expect(bubble.locator("strong")).to_have_text("ready")
    expect(bubble.locator("em")).to_have_text("not")
    expect(bubble).to_contain_text("<b>or</b>")
    assert violations_everywhere(page) == []


def test_a_page_that_is_not_live_leaves_the_phone_free(owner: Person) -> None:
    """In a window of the usual size the phone reaches down to its end."""
    page, notice = owner.page, owner.page.locator("#live-state")
    page.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    page.reload()
    expect(notice).to_be_visible()
    assert covered_by(notice) == []
    page.evaluate("void scrollTo(0, 0)")
    box = page.get_by_role("button", name="Send from this phone").bounding_box()
    assert (
        box and page.evaluate("([x, y]) => document.elementFromPoint(x, y)?.closest('#live-state')", [box["x"] + 9, 790]) is None
    )


@pytest.mark.parametrize("scripts", [True, False])
def test_a_refused_phone_keeps_its_form_open(open_page: OpenPage, new_user: Callable[[str], Api], scripts: bool) -> None:
    with open_page(java_script_enabled=scripts) as page:
        Person(page, new_user("adder")).log_in()
        take_phone(page)
        shown = page.locator(".phone-bar .number").inner_text()
        page.get_by_text("Add a phone").click()
        page.get_by_label("Number", exact=True).fill("+49 30 1")
        page.get_by_label("Name").fill("Ana")
        page.get_by_role("button", name="Add phone").click()
        expect(page.get_by_text(NO_NUMBER)).to_be_visible()
        expect(page.get_by_label("Number", exact=True)).to_have_value("+49 30 1")
        expect(page.get_by_label("Name")).to_have_value("Ana")
        expect(page.locator(".phone-bar .number")).to_have_text(shown)
        if scripts:
            assert violations_everywhere(page) == []
        page.get_by_label("Number", exact=True).fill(f"+1 202 557 095{scripts:d}")
        page.get_by_label("Name").fill("")  # it is optional
        page.get_by_role("button", name="Add phone").click()
        expect(page.locator(".phone-bar")).to_contain_text("Virtual phone")


def test_a_sandbox_session_leads_with_the_virtual_phone(owner: Person) -> None:
    page = owner.page
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    owner.start_linking()
    panel = owner.sees_session("qr")
    expect(panel.locator("#qr :is(svg, img)")).to_be_visible()
    scan = panel.get_by_role("button", name="Scan with My phone")
    expect(panel.get_by_text("Open WhatsApp on your phone")).to_have_count(0)
    button, code = scan.bounding_box(), panel.locator("#qr").bounding_box()
    assert button and code and button["y"] < code["y"]
    assert violations_everywhere(page) == []
    scan.click()
    owner.sees_session("connected")


def test_the_phone_of_the_first_steps_has_a_name_in_its_owner_s_language(
    open_page: OpenPage, new_user: Callable[[str], Api]
) -> None:
    user = new_user("portuguese")
    with open_page() as page:
        Person(page, user).log_in()
        page.context.set_extra_http_headers({"Accept-Language": "pt-BR"})
        page.goto("/dashboard")
        page.get_by_role("button", name="Usar um celular virtual").click()
        page.goto("/sandbox")
        expect(page.locator(".phone-bar")).to_contain_text("Meu celular")
    user.disconnect("default")


def test_a_refused_way_to_link_stays_as_it_was_filled_in(page: Page, new_user: Callable[[str], Api]) -> None:
    """The page looks at the session every few seconds, and draws what it finds."""
    Person(page, new_user("refused")).log_in()
    page.goto("/whatsapp")
    page.get_by_label("Test mode").check()
    page.get_by_label("Type a code").check()
    page.get_by_label("Phone number of the account").fill("12")
    page.get_by_role("button", name="Link WhatsApp").click()
    page.get_by_label("Test mode").focus()
    for _ in range(2):  # what the first brought is drawn before the second is asked for
        with page.expect_response(re.compile(r"/whatsapp\?session=default$"), timeout=CHANGES_WITHIN_MS):
            pass
    expect(page.get_by_text(NO_NUMBER)).to_be_visible()
    expect(page.get_by_label("Phone number of the account")).to_have_value("12")
    expect(page.get_by_label("Test mode")).to_be_checked()


def test_a_narrow_log_says_which_messages_are_in_the_sandbox(robin: Person) -> None:
    page = robin.page
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    page.goto("/messages")
    badge = page.locator("[data-message] .tag-sandbox").first
    expect(badge).to_be_visible()
    expect(badge).to_have_text("Sandbox")


@pytest.mark.parametrize(("locale", "hour"), [("en-US", r"8:05\sAM"), ("pt-BR", "08:05")])
def test_hours_have_the_digits_of_their_language(open_page: OpenPage, linked_user: Api, locale: str, hour: str) -> None:
    with open_page() as page:
        Person(page, linked_user).log_in()
        cookies = page.context.cookies()
    with open_page(locale=locale, timezone_id="Asia/Tokyo") as page:
        page.context.add_cookies(cookies)  # type: ignore[arg-type]
        page.clock.install(time="2026-02-28T23:05:00Z")
        page.goto("/messages/new")
        page.locator("#message").fill("morning")
        expect(page.locator("#preview-time")).to_have_text(re.compile(f"^{hour}$"))
        page.goto("/messages")
        shown = page.evaluate(
            """async ([at, ways]) => {
                const { localiseTimes } = await import(document.querySelector('script[src*="base.js"]').src.replace('base.js', 'time.js'))
                const box = document.createElement('p')
                box.innerHTML = ways.map((way) => `<time datetime="${at}" data-as="${way}"></time>`).join('')
                localiseTimes(box)
                return [...box.children].map((one) => one.textContent)
            }""",
            ["2026-02-19T23:05:06Z", ["hour", "clock", "moment", "ago", "exact", "full"]],
        )
        first_digits = hour.split(":", maxsplit=1)[0]
        assert [one for one in shown if not re.search(rf"(?<!\d){first_digits}:05", one)] == []
