"""What holds for every page: hostile text is only text, forms work without a script, it says when it isn't live."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.support.api import Api

from .accessibility import NARROW, WIDE, covered_by, sideways, violations_everywhere
from .conftest import HURRIED, OpenPage
from .person import Person

pytestmark = pytest.mark.browser


def test_hostile_text_stays_text(robin: Person) -> None:
    hostile = "<script>document.title = 'taken'</script>"
    robin.page.goto("/messages")
    row = robin.page.get_by_text(hostile)
    expect(row).to_be_visible()
    robin.page.goto("/messages/new")
    robin.page.get_by_label("Message", exact=True).fill(f"*{hostile}*")
    expect(robin.page.locator("#preview strong")).to_have_text(hostile)
    assert robin.page.locator("#preview script").count() == 0
    robin.page.goto("/keys")
    expect(robin.page.get_by_role("cell", name="<b>Shop</b>", exact=True)).to_be_visible()


def test_a_declined_dialog_changes_nothing(robin: Person) -> None:
    page = robin.page
    page.goto("/whatsapp")
    button = page.get_by_role("button", name="Disconnect")
    button.press("Enter")
    dialog = page.locator("#confirm-dialog")
    expect(dialog).to_contain_text("Disconnect “default”?")
    expect(dialog.get_by_role("button", name="Keep as it is")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert robin.user.status()["status"] == "connected"


def test_the_page_says_when_it_is_not_live(robin: Person) -> None:
    notice = robin.page.locator("#live-state")
    robin.page.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    robin.page.goto("/dashboard")
    expect(notice).to_be_visible()
    expect(notice).to_contain_text("Not live")


@pytest.mark.parametrize("answer", [lambda route: route.fulfill(status=429), lambda _: None], ids=["refused", "never"])
def test_a_page_that_can_not_be_read_anew_says_so_and_goes_on_trying(robin: Person, answer: Callable[[Route], None]) -> None:
    """As when the database is away: the connection stands, and nothing is pushed a second time."""
    page, notice = robin.page, robin.page.locator("#live-state")
    page.add_init_script(HURRIED)
    page.goto("/messages")
    expect(page.locator("html")).to_have_attribute("data-live", "yes")
    page.route("**/messages", answer)
    sent = robin.user.send("+12025570912", "Told only once")["id"]
    robin.user.wait_for_message(sent, "delivered")
    expect(notice).to_be_visible()
    page.unroute("**/messages")
    expect(page.locator(f"#row-{sent}")).to_contain_text("Delivered")
    expect(notice).to_be_hidden()


def test_a_page_with_a_refused_filter_is_no_page_without_a_connection(robin: Person) -> None:
    page = robin.page
    with page.expect_response(lambda one: one.request.resource_type == "fetch" and "/messages?to=12" in one.url) as read_anew:
        page.goto("/messages?to=12")
    assert read_anew.value.status == 422
    expect(page.locator("html")).to_have_attribute("data-live", "yes")
    page.evaluate("new Promise((drawn) => requestAnimationFrame(() => setTimeout(drawn)))")
    expect(page.locator("#live-state")).to_be_hidden()


def test_a_webhook_that_can_not_be_read_anew_says_so(robin: Person) -> None:
    made = robin.user.post("/api/webhooks", {"url": "https://hooks.example.com/stale", "events": ["message.sent"]}).json()
    page, notice = robin.page, robin.page.locator("#live-state")
    page.goto(f"/webhooks/{made['id']}")
    page.route("**/webhooks/*", lambda route: route.fulfill(status=429))
    expect(notice).to_be_visible()
    page.unroute("**/webhooks/*")
    expect(notice).to_be_hidden()
    robin.user.delete(f"/api/webhooks/{made['id']}")


@pytest.mark.parametrize("path", ["/dashboard", "/inbox", "/whatsapp"])
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_notice_covers_nothing_that_can_be_used(robin: Person, path: str, size: dict[str, int]) -> None:
    page, notice = robin.page, robin.page.locator("#live-state")
    page.route_web_socket("**/socket.io/**", lambda socket: socket.close())
    page.set_viewport_size(size)  # type: ignore[arg-type]
    page.goto(path)
    if path == "/inbox":
        page.locator("[data-chat-row] a").first.click()
    expect(notice).to_be_visible()
    assert covered_by(notice) == []
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(notice).to_be_in_viewport()
    assert sideways(page) <= 0


def test_a_page_says_that_what_it_shows_was_deleted(robin: Person) -> None:
    page = robin.page
    made = robin.user.post("/api/webhooks", {"url": "https://hooks.example.com/gone", "events": ["message.sent"]}).json()
    page.goto(f"/webhooks/{made['id']}")
    robin.user.delete(f"/api/webhooks/{made['id']}")
    expect(page.locator("#gone-state")).to_contain_text("gone: it was deleted")
    expect(page.locator("#live-state")).to_be_hidden()
    assert violations_everywhere(page) == []
    page.get_by_role("link", name="Leave the page").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Webhooks")


def test_the_theme_is_the_systems_until_one_is_chosen(open_page: OpenPage) -> None:
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    with open_page(color_scheme="dark") as page:
        page.goto("/login")
        dark = page.evaluate(ground)
        page.get_by_role("button", name="Light").click()
        page.reload()
        assert page.evaluate(ground) != dark


def test_what_is_chosen_is_seen_where_the_system_chooses_the_colours(robin: Person) -> None:
    robin.page.emulate_media(forced_colors="active")
    robin.page.goto("/dashboard")
    expect(robin.page.get_by_role("link", name="Dashboard", exact=True)).to_have_css("outline-style", "solid")
    expect(robin.page.get_by_role("button", name="Like the system")).to_have_css("outline-style", "solid")


def test_forms_work_without_scripts(open_page: OpenPage, new_user: Any) -> None:
    user = new_user("noscript")
    with open_page(java_script_enabled=False) as page:
        Person(page, user).log_in()
        page.goto("/keys")
        page.get_by_label("Name").fill("Shop")
        page.get_by_role("button", name="Create key").click()
        user.stack.secrets.add(page.locator("#new-key").inner_text())
        page.goto("/keys")
        page.get_by_role("button", name="Revoke “Shop”").click()
        expect(page.get_by_text("No keys yet")).to_be_visible()
        assert user.get("/api/keys").json()["items"] == []
        page.get_by_role("button", name="Undo").click()
        expect(page.get_by_role("cell", name="Shop", exact=True)).to_be_visible()
        page.goto("/settings")
        page.get_by_role("checkbox", name="Log out everywhere, here too?").check()
        page.get_by_role("button", name="Log out everywhere", exact=True).click()
        expect(page.get_by_role("button", name="Log in")).to_be_visible()


def test_a_refused_form_keeps_what_was_typed(page: Page, linked_user: Api) -> None:
    page.goto("/login")
    page.get_by_label("Email").fill(linked_user.email)
    page.get_by_label("Password").fill("certainly wrong")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_label("Email")).to_have_value(linked_user.email)
    expect(page.get_by_label("Password")).to_have_value("")
    expect(page.get_by_label("Password")).to_have_attribute("aria-invalid", "true")
    expect(page.locator('[aria-invalid="true"]').first).to_be_focused()


@pytest.mark.parametrize(
    ("path", "boxes", "button"), [("/keys", "scopes", "Create key"), ("/webhooks/new", "events", "Create webhook")]
)
def test_a_form_with_nothing_chosen_says_so_where_it_is_to_be_chosen(robin: Person, path: str, boxes: str, button: str) -> None:
    """These forms are longer than the window: what is wrong far down would not be seen."""
    page = robin.page
    page.goto(path)
    for label, text in (("Name", "Nothing"), ("Address", "https://hooks.example.com/nothing")):
        if (field := page.get_by_label(label, exact=True)).count():
            field.fill(text)
    while (chosen := page.locator(f"[name={boxes}]:checked")).count():
        chosen.first.uncheck()
    page.get_by_role("button", name=button).click()
    error = page.locator(f"#{boxes}-error")
    expect(error).to_have_text("Choose at least one")
    expect(error).to_be_in_viewport()
    expect(page.locator(":focus")).to_have_attribute("aria-describedby", re.compile(f"{boxes}-error"))
    assert violations_everywhere(page) == []


def test_a_number_the_sandbox_would_not_have_is_refused_and_breaks_no_page(robin: Person) -> None:
    page = robin.page
    page.goto("/sandbox")
    page.get_by_role("button", name="Create phone").click()
    page.get_by_text("Add a phone").first.click()
    page.get_by_label("Number", exact=True).fill("+49 30 1")
    page.get_by_role("button", name="Add phone").click()
    expect(page.get_by_text("Is not a phone number")).to_be_visible()
    page.goto("/whatsapp")
    expect(page.get_by_role("heading", name="WhatsApp", exact=True)).to_be_visible()


def test_escape_closes_the_menu_of_a_narrow_page(robin: Person) -> None:
    page = robin.page
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto("/keys")
    menu = page.get_by_label("Menu", exact=True)
    menu.click()
    link = page.locator("details.mobile-menu").get_by_role("link", name="Webhooks")
    expect(link).to_be_visible()
    page.keyboard.press("Escape")
    expect(link).to_be_hidden()
    expect(menu).to_be_focused()


def test_days_are_asked_for_in_the_zone_of_the_browser(open_page: OpenPage, new_user: Callable[[str], Api]) -> None:
    """As times are shown, where the settings name no zone; an address that asked for days in UTC goes on doing so."""
    user = new_user("zoned")
    with open_page(timezone_id="Asia/Tokyo") as page:
        Person(page, user).log_in()
        page.goto("/messages")
        page.get_by_text("More filters").click()
        page.get_by_label("From (Asia/Tokyo)").fill("2026-11-01")
        page.get_by_role("button", name="Filter").click()
        page.wait_for_url("**zone=Asia%2FTokyo**")
        expect(page.get_by_label("From (Asia/Tokyo)")).to_have_value("2026-11-01")
        page.goto("/messages?since=2026-11-01")
        expect(page.get_by_label("From (UTC)")).to_have_value("2026-11-01")
        page.goto("/keys")
        page.get_by_label("Name").fill("of Tokyo")
        page.get_by_label("Let it expire").check()
        page.get_by_role("button", name="Create key").click()
        expect(page.locator("#expires_at:invalid")).to_be_focused()
        page.get_by_label("Expires on").fill(f"{datetime.now(UTC).year + 1}-12-31")
        page.get_by_role("button", name="Create key").click()
        expect(page.get_by_text("is ready")).to_be_visible()
        [made] = user.get("/api/keys").json()["items"]
        assert made["expires_at"].endswith("12-31T15:00:00.000Z"), "its last day ends in Tokyo"
        page.goto("/keys")
        expect(page.get_by_role("cell", name=re.compile("Dec 31, "))).to_be_visible()
