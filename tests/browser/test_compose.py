"""Writing a message: numbers as they are pasted, the preview as WhatsApp shows it, and the whole way without a script."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.api import Api
from tests.support.stack import Stack
from wabot.lib.clock import now

from .conftest import OpenPage
from .person import CHANGES_WITHIN_MS, Person

pytestmark = pytest.mark.browser

ONE, OTHER = "+12025570921", "+12025570922"
OLD_SAFARI = """
CSS.supports = () => false;
const fixed = new CSSStyleSheet();
fixed.replaceSync('textarea { field-sizing: fixed !important }');
document.adoptedStyleSheets = [fixed];
"""
"""A script for pages: before its version 26.2 Safari lets no field grow by itself."""


@pytest.fixture
def compose(robin: Person) -> Page:
    robin.page.goto("/messages/new")
    return robin.page


def test_one_text_to_several_numbers_and_their_ticks(compose: Page) -> None:
    to = compose.get_by_label("To", exact=True)
    to.fill("202-555-0143")  # of Washington, without its country's code
    expect(compose.locator("#to-found")).to_have_text("Read as \u2066+20 2 5550143\u2069")
    to.fill(f"{ONE}; mum")
    expect(compose.locator("#to-found")).to_contain_text("Not a phone number: mum")
    compose.get_by_label("Message", exact=True).fill("to both")
    compose.get_by_role("button", name="Send message").click()
    expect(to).to_have_attribute("aria-invalid", "true")
    expect(to).to_have_value(re.compile(r"mum\n\+1 202-557-0921"))
    to.fill(f"[{ONE}, 1 (202) 557-0922, {ONE}]")
    expect(compose.locator("#to-found")).to_contain_text("Numbers: 2")
    compose.get_by_role("button", name="Send message").click()
    expect(compose.get_by_text("2 messages are accepted, one for each number.")).to_be_visible()
    rows = compose.locator("[data-message]", has_text="to both")
    expect(rows).to_have_count(2)
    expect(rows.locator('[data-status="delivered"]')).to_have_count(2, timeout=CHANGES_WITHIN_MS)


def test_numbers_typed_before_the_script_is_there_are_looked_at(robin: Person) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    robin.page.route("**/messages_new.js*", hold)
    with robin.page.expect_request("**/messages_new.js*"):
        robin.page.goto("/messages/new", wait_until="commit")
    robin.page.get_by_label("To", exact=True).fill(f"{ONE}; mum")
    held[0].continue_()
    expect(robin.page.locator("#to-found")).to_contain_text("Not a phone number: mum")


def test_a_number_is_checked_before_anything_is_sent(compose: Page) -> None:
    to, message = compose.get_by_label("To", exact=True), compose.get_by_label("Message", exact=True)
    for number, said in (("+49 170 1234567", "+49 170 1234567\u2069 is not on WhatsApp."), (ONE, "\u2069 is on WhatsApp.")):
        to.fill(number)
        compose.get_by_role("button", name="Check the number").click()
        expect(compose.locator("#outlook")).to_contain_text(said)
        expect(compose.locator("#outlook")).to_be_focused()
    message.fill("half a thought")
    compose.get_by_role("button", name="Check the number").click()
    expect(message).to_have_value("half a thought")
    compose.get_by_role("button", name="Send message").click()
    compose.wait_for_url(re.compile(r"/messages/[0-9a-f]{24}$"))


@pytest.mark.parametrize(("at", "label"), [("/messages/new", "To"), ("/inbox", "Answer")])
def test_a_field_grows_with_its_lines_in_older_browsers(robin: Person, at: str, label: str) -> None:
    robin.page.add_init_script(OLD_SAFARI)
    robin.page.goto(at)
    if at == "/inbox":
        robin.page.locator(".chat-link").first.click()
    field = robin.page.get_by_label(label, exact=True)
    field.focus()
    before = field.bounding_box()
    robin.page.keyboard.insert_text(f"{ONE}\n{OTHER}\n{ONE}")
    assert field.evaluate("node => node.scrollHeight - node.clientHeight") <= 0
    field.fill("")
    assert before and field.bounding_box()["height"] == before["height"]  # type: ignore[index]


def test_a_scheduled_message_names_the_zone_of_its_time(open_page: OpenPage, linked_user: Api) -> None:
    sent = linked_user.post("/api/messages/send", {"to": ONE, "message": "later", "send_at": "2027-02-01T09:00:00Z"}).json()
    with open_page(timezone_id="Asia/Tokyo", locale="en-US") as page:
        Person(page, linked_user).log_in()
        page.goto(f"/messages/{sent['id']}")
        for part in ("#waits", "#message-details"):
            expect(page.locator(part)).to_contain_text("Feb 1, 2027, 6:00:00 PM GMT+9")
        page.get_by_role("button", name="Cancel").click()


def test_nothing_that_is_to_go_later_goes_at_once(compose: Page) -> None:
    """Some browsers take a day without an hour for an empty field."""
    compose.get_by_label("To", exact=True).fill(ONE)
    compose.get_by_label("Message", exact=True).fill("at what time?")
    compose.get_by_label("Send later").check()
    compose.get_by_role("button", name="Schedule message").click()
    expect(compose.locator("#send_at:invalid")).to_be_focused()
    compose.get_by_label("When").fill("2027-02-01T09:00")
    compose.get_by_label("Send later").uncheck()
    compose.get_by_role("button", name="Send message").click()
    compose.wait_for_url(re.compile(r"/messages/[0-9a-f]{24}$"))
    expect(compose.locator("#message-head")).not_to_contain_text("Scheduled")


def test_without_scripts_a_time_is_asked_for_as_well(open_page: OpenPage, linked_user: Api) -> None:
    with open_page(java_script_enabled=False) as page:
        Person(page, linked_user).log_in()
        page.goto("/messages/new")
        page.get_by_label("To", exact=True).fill(ONE)
        page.get_by_label("Message", exact=True).fill("at what time?")
        expect(page.get_by_label("When")).to_be_hidden()
        page.get_by_label("Send later").check()
        page.get_by_role("button", name="Send message").click()
        expect(page.get_by_text("Choose a day and a time")).to_be_visible()
        expect(page.get_by_label("Send later")).to_be_checked()
        expect(page.get_by_label("Message", exact=True)).to_have_value("at what time?")
        page.get_by_label("When").fill(f"{now() + timedelta(days=2):%Y-%m-%dT%H:%M}")
        page.get_by_role("button", name="Send message").click()
        expect(page.locator("#message-head")).to_contain_text("Scheduled")
        page.get_by_role("button", name="Cancel").click()


def test_the_preview_is_what_whatsapp_shows(compose: Page) -> None:
    text, preview = compose.get_by_label("Message", exact=True), compose.locator("#preview")
    text.fill("*bold _and more_* ~no~ `mono` https://example.com/a?b=1.\n> said before\n- first\n2*3*4")
    for tag, shown in {"strong": "bold and more", "em": "and more", "s": "no", "code": "mono", "q": "said before"}.items():
        expect(preview.locator(tag)).to_have_text(shown)
    expect(preview.locator("a")).to_have_text("https://example.com/a?b=1")
    expect(preview).to_contain_text("• first\n2*3*4", use_inner_text=True)
    text.fill("👍🏽")
    expect(preview).to_have_class(re.compile("letter-large"))
    expect(compose.locator("#message-count")).to_have_text("Characters: 1")
    text.fill("word " * 200)
    expect(preview).not_to_contain_text("word " * 190)
    compose.get_by_role("button", name="Read more").click()
    expect(preview).to_contain_text("word " * 199)


@pytest.mark.parametrize(
    "text",
    [
        "*bold _and more_* ~no~ ```mono\nmore``` `mono` www.example.com/a_b_c.\n> said *before*\n- first\n* second\n2*3*4",
        "*é*é *ü* _ a_ ~b ~ _c_d __e__ *f\ng* (*h*) *_~i~_* ``j`` `*k*`",
        "> <img src=x onerror=alert(1)>\n*</strong><script>*\nhttps://example.com/'\"onclick=_x_ > no quote",
    ],
)
def test_what_is_read_looks_as_the_preview_did(compose: Page, text: str) -> None:
    compose.get_by_label("To", exact=True).fill(ONE)
    compose.get_by_label("Message", exact=True).fill(text)
    preview = compose.locator("#preview").inner_html()
    assert "<" in preview
    compose.get_by_role("button", name="Send message").click()
    expect(compose.get_by_text("As it was written")).to_be_visible()
    assert compose.locator("#message-text").inner_html() == preview
    compose.get_by_text("As it was written").click()
    expect(compose.locator("#written-text")).to_have_text(text, use_inner_text=True)


def test_from_registering_to_a_delivered_message_without_scripts(open_page: OpenPage, stack: Stack) -> None:
    with open_page(java_script_enabled=False) as page:
        Person(page, Api(stack, "plain")).register()
        expect(page.get_by_role("list", name="The way to your first message")).to_contain_text("Choose a phone")
        page.get_by_role("button", name="Use a virtual phone").click()
        page.get_by_role("button", name="Scan with My phone").click(timeout=CHANGES_WITHIN_MS)
        panel = page.locator('#session-panel[data-status="connected"]')
        panel.get_by_role("link", name="New message").click(timeout=CHANGES_WITHIN_MS)
        expect(page.get_by_label("To", exact=True)).to_have_value("+1 202 557 0143")
        page.get_by_role("button", name="Send message").click()
        expect(page.locator("#message-head [data-tick]")).to_have_text("Delivered", timeout=CHANGES_WITHIN_MS)
        expect(page.get_by_text("Your first message is there.")).to_be_visible()
        page.get_by_role("button", name="Dark").first.click()
        expect(page.locator("html")).to_have_attribute("data-theme", "wabot-dark")


SEEN = """() => {
  const node = document.activeElement
  const style = getComputedStyle(node)
  return {name: node.getAttribute('aria-label') ?? (node.labels?.[0]?.innerText || node.innerText || '').trim(), outline: style.outlineStyle}
}"""


def tab_to(page: Page, name: str) -> None:
    """Every step on the way shows where one is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(SEEN)
        assert focused["outline"] != "none", f"the focus can't be seen on {focused['name']!r}"
        if focused["name"] == name:
            return
    raise AssertionError(f"{name!r} is out of the keyboard's reach")


def test_a_message_is_written_by_the_keyboard_alone(robin: Person) -> None:
    page = robin.page
    page.goto("/dashboard")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport()
    page.keyboard.press("Enter")
    tab_to(page, "New message")
    page.keyboard.press("Enter")
    page.wait_for_url("**/messages/new")
    for field, text in (("To", ONE), ("Message", "by keyboard")):
        tab_to(page, field)
        page.keyboard.type(text)
    tab_to(page, "Send message")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/messages/[0-9a-f]{24}$"))
    robin.sees_tick(page.url.rsplit("/", 1)[1], "Delivered")


def test_what_was_written_is_there_again_when_one_comes_back(compose: Page) -> None:
    written = {"To": ONE, "Message": "to be finished"}
    for name, value in written.items():
        compose.get_by_label(name, exact=True).fill(value)
    compose.get_by_label("Send later").check()
    compose.get_by_label("When").fill("2031-05-01T10:30")
    compose.get_by_label("Time zone").fill("Asia/Tokyo")
    compose.goto("/messages")
    compose.go_back()
    for name, value in {**written, "When": "2031-05-01T10:30", "Time zone": "Asia/Tokyo"}.items():
        expect(compose.get_by_label(name, exact=True)).to_have_value(value)
    expect(compose.get_by_label("When")).to_be_visible()
    expect(compose.locator("#preview")).to_have_text("to be finished")
    expect(compose.get_by_role("button", name="Schedule message")).to_be_visible()


def test_what_was_written_outlives_a_reload_until_it_is_sent_or_its_writer_logs_out(compose: Page) -> None:
    """Firefox keeps no field of a page that may not be stored, and Chromium none over a reload."""
    written = {"To": ONE, "Message": "to be finished", "When": f"{now() + timedelta(days=2):%Y-%m-%dT%H:%M}"}
    compose.get_by_label("Send later").check()
    for name, value in written.items():
        compose.get_by_label(name, exact=True).fill(value)
    compose.reload()
    for name, value in written.items():
        expect(compose.get_by_label(name, exact=True)).to_have_value(value)
    compose.get_by_role("button", name="Schedule message").click()
    compose.get_by_role("button", name="Cancel").click()
    compose.goto("/messages/new")
    compose.reload()
    expect(compose.get_by_label("Message", exact=True)).to_have_value("")
    compose.get_by_label("Message", exact=True).fill("for nobody else")
    compose.get_by_role("button", name="Log out").click()
    compose.wait_for_url("**/login*")
    assert "for nobody else" not in compose.evaluate("JSON.stringify(sessionStorage)")


def test_what_is_told_of_the_message_does_not_change_with_each_letter(compose: Page) -> None:
    """Screen readers tell a changed description, so that a count in it would be heard after every letter."""
    text = compose.get_by_label("Message", exact=True)
    text.press_sequentially("Hello")
    expect(compose.locator("#message-count")).to_have_text("Characters: 5")
    expect(text).to_have_accessible_description("*bold* _italic_ ~strike~ `mono`")


def test_a_text_that_is_too_long_is_kept_and_said(compose: Page) -> None:
    text, count = compose.get_by_label("Message", exact=True), compose.locator("#message-count")
    compose.get_by_label("To", exact=True).fill(ONE)
    text.focus()
    compose.keyboard.insert_text("é😀" + 65_544 * "x")
    expect(count).to_have_text("Too long. Characters over the limit: 11")  # the emoji is two, as the server counts
    expect(text).to_have_attribute("aria-invalid", "true")
    compose.get_by_role("button", name="Send message").click()
    expect(text).to_be_focused()
    assert compose.url.endswith("/messages/new")
    assert text.evaluate("node => [...node.value].length") == 65_546, "nothing is cut off"
    text.fill("é😀" + 65_533 * "x")
    expect(count).to_have_text("Characters left: 0")
    expect(text).not_to_have_attribute("aria-invalid", "true")
