"""An administrator finds, disables and looks as a user; the user is locked out, comes back, and sees who looked."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.api import Api

from .accessibility import NARROW, WIDE, sideways, violations
from .conftest import CHROMIUM, OpenPage
from .person import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def admin_page(page: Page, administrator: Api) -> Page:
    Person(page, administrator).log_in()
    return page


def test_a_user_is_found_disabled_and_enabled(admin_page: Page, new_user: Callable[[str], Api]) -> None:
    user, page = new_user("quinn"), admin_page
    page.goto("/admin")
    page.get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("searchbox", name="Find").fill(user.email[:12].upper())
    page.get_by_role("button", name="Find").click()
    page.wait_for_url("**q=**", wait_until="load")  # a row is a link once its script has run
    page.locator("tr", has_text=user.email).get_by_role("cell").nth(1).click()
    expect(page.get_by_role("heading", name=user.email)).to_be_visible()
    page.get_by_role("button", name="Disable").click()
    dialog = page.locator("#confirm-dialog")
    expect(dialog).to_contain_text(f"Disable {user.email}?")
    dialog.get_by_role("button", name="Disable").click()
    expect(page.get_by_text(f"{user.email} is disabled")).to_be_visible()
    assert user.get("/api/auth/me").status_code == 401
    page.get_by_role("button", name="Enable").click()
    expect(page.get_by_text(f"{user.email} is enabled again")).to_be_visible()
    assert user.login().get("/api/auth/me").status_code == 200


def beyond(page: Page, text: str) -> int:
    """By how much a text that is shown passes the window's edge, where what is around it cuts it off."""
    boxes = [one.bounding_box() for one in page.get_by_text(text, exact=True).all() if one.is_visible()]
    return max([0, *(round(box["x"] + box["width"]) - NARROW["width"] for box in boxes if box)])


def test_a_long_name_without_blanks_breaks_no_page(
    open_page: OpenPage, administrator: Api, new_user: Callable[[str], Api]
) -> None:
    user, name = new_user("long"), "W" * 100
    user.key("read", name=name)
    wide = {}
    with open_page(viewport=NARROW) as page:
        Person(page, user).log_in()
        page.goto("/settings")
        page.get_by_label("Name").fill(name)
        page.get_by_label("Name").press("Enter")
        page.wait_for_load_state()
        for path in ("/settings", "/dashboard", "/keys"):
            page.goto(path)
            wide[path] = sideways(page) or beyond(page, name)
    with open_page(viewport=NARROW) as page:
        Person(page, administrator).log_in()
        me = user.get("/api/auth/me").json()["user"]["id"]
        for path in (f"/admin/users?q={user.email}", f"/admin/users/{me}"):
            page.goto(path)
            expect(page.get_by_text(name)).to_be_visible()
            wide[path] = sideways(page) or beyond(page, name)
    assert {path: pixels for path, pixels in wide.items() if pixels} == {}


def test_viewing_as_a_user(admin_page: Page, open_page: OpenPage, new_user: Callable[[str], Api]) -> None:
    user, page = new_user("vic"), admin_page
    sockets: list[str] = []
    page.goto(f"/admin/users?q={user.email}")
    page.get_by_role("link", name=user.email).click()
    page.get_by_role("button", name="View as this user").click()
    page.wait_for_url("**/dashboard")
    page.on("websocket", lambda socket: sockets.append(socket.url))
    banner = page.get_by_role("complementary", name="Viewing as somebody else")
    page.reload()
    expect(banner).to_contain_text(user.email)
    assert violations(page) == []
    page.goto("/keys")
    page.get_by_label("Name").fill("mine")
    page.get_by_role("button", name="Create key").click()
    expect(page.get_by_text("You are viewing as somebody else: nothing can be changed")).to_be_visible()
    assert user.get("/api/keys").json()["items"] == []
    page.goto("/whatsapp")
    expect(page.locator("#live-state")).to_be_hidden()
    banner.get_by_role("button", name="Stop viewing").click()
    page.wait_for_url(re.compile("/admin/users/[0-9a-f]{24}$"))
    expect(banner).to_have_count(0)
    assert sockets == [], "nothing is pushed while viewing"
    with open_page() as theirs:
        Person(theirs, user).log_in()
        expect(theirs.get_by_text("An administrator looked at your pages")).to_be_visible()
        theirs.get_by_role("link", name="See all").click()
        expect(theirs.locator("#looks")).to_contain_text("admin-")


def test_the_bar_leaves_room_for_the_inbox_and_for_the_way_past_it(
    admin_page: Page, linked_user: Api, administrator: Api
) -> None:
    page = admin_page
    page.goto(f"/admin/users/{linked_user.get('/api/auth/me').json()['user']['id']}")
    page.get_by_role("button", name="View as this user").click()
    page.wait_for_url("**/dashboard")
    chat = linked_user.get("/api/chats").json()["items"][0]["id"]
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.goto(f"/inbox/{chat}")
        bottom = page.get_by_role("button", name="Send", exact=True).bounding_box()
        assert bottom and bottom["y"] + bottom["height"] <= size["height"], "the answer is written without scrolling"
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        assert skip.evaluate(_ON_TOP), "what has the focus is seen"
        bar = page.get_by_role("complementary", name="Viewing as somebody else").bounding_box()
        assert bar and bar["height"] <= 80, "the page has the room"
    page.get_by_role("button", name="Stop viewing").click()


_ON_TOP = """one => {
  const box = one.getBoundingClientRect()
  return one.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2))
}"""


def test_the_bar_of_who_views_as_somebody_reaches_both_edges(
    browser: Browser, administrator: Api, new_user: Callable[[str], Api]
) -> None:
    """In a browser with scrollbars that take room, as most have on a desk."""
    user = new_user("edge").get("/api/auth/me").json()["user"]["id"]
    unhidden = browser.browser_type.launch(
        executable_path=CHROMIUM, args=["--no-sandbox"], ignore_default_args=["--hide-scrollbars"]
    )
    page = unhidden.new_page(base_url=administrator.stack.url, viewport={"width": 1280, "height": 1600})
    Person(page, administrator).log_in()
    page.goto(f"/admin/users/{user}")
    page.get_by_role("button", name="View as this user").click()
    page.wait_for_url("**/dashboard")
    box = page.get_by_role("complementary", name="Viewing as somebody else").bounding_box()
    page.get_by_role("button", name="Stop viewing").click()
    page.wait_for_url(re.compile("/admin/users/"))
    unhidden.close()
    assert box and (box["x"], box["width"]) == (0, 1280)
