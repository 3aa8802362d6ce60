"""The inbox as a person uses it: messages come in while one looks, answers go out, what is read is read."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import wait_until

from .accessibility import NARROW, WIDE, violations
from .conftest import OpenPage
from .person import CHANGES_WITHIN_MS, Person

pytestmark = pytest.mark.browser

PHONE = "+12025550933"
FRIEND, OTHER = "+15550100933", "+15550100934"


class Friend:
    """Somebody with a virtual phone, who writes to ours."""

    def __init__(self, stack: Stack, number: str, name: str) -> None:
        self.stack, self.number = stack, number
        stack.sandbox("PUT", f"/phones/{number}", name=name)

    def write(self, text: str = "", **more: Any) -> str:
        letter = {"to": PHONE, **({"text": text} if text else {}), **more}
        return str(self.stack.sandbox("POST", f"/phones/{self.number}/send", **letter)["id"])

    def got(self) -> list[str]:
        return [one["body"] for one in self.stack.sandbox("GET", f"/phones/{self.number}/inbox")]


@pytest.fixture(scope="module")
def kim(stack: Stack) -> Api:
    user = Api(stack, "kim").register()
    user.link(PHONE)
    return user


@pytest.fixture(scope="module")
def friend(stack: Stack, kim: Api) -> Friend:
    return Friend(stack, FRIEND, "Bo <b>Friend</b>")


@pytest.fixture
def reader(page: Page, kim: Api) -> Person:
    return Person(page, kim).log_in()


def chat_of(user: Api, phone: str) -> dict[str, Any]:
    def found() -> dict[str, Any] | None:
        items = user.get("/api/chats", params={"q": phone}).json()["items"]
        return items[0] if items else None

    return wait_until(found, 20, f"a chat with {phone}")


@pytest.fixture(scope="module")
def long_chat(kim: Api, friend: Friend) -> str:
    """The address of one with more messages than a page shows."""
    for n in range(55):
        friend.write(f"line {n:02}")
    wait_until(lambda: chat_of(kim, FRIEND)["last_message"]["message"] == "line 54", 20, "all are there")
    return f"/inbox/{chat_of(kim, FRIEND)['id']}"


def stored(user: Api, chat_id: str, count: int) -> list[dict[str, Any]]:
    """The chat's files, once so many are there."""

    def found() -> list[dict[str, Any]] | None:
        items = user.get(f"/api/chats/{chat_id}/messages").json()["items"]
        files = [one for one in items if one.get("media") and one["media"]["status"] == "stored"]
        return files if len(files) == count else None

    return wait_until(found, 20, f"{count} files")


def png(width: int, height: int) -> bytes:
    rows = b"".join(b"\0" + bytes((x * 5 + y) % 256 for x in range(width * 3)) for y in range(height))

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def test_a_message_arrives_the_answer_goes_out_and_unread_falls(reader: Person, friend: Friend) -> None:
    page = reader.page
    page.goto("/inbox")
    expect(page.locator("#chat-list")).to_contain_text("No messages yet")
    reader.mark_document()
    friend.write("Is it *still* there? <img src=x>")
    row = page.locator("[data-chat-row]", has_text="Bo <b>Friend</b>")
    expect(row).to_contain_text("Is it still there? <img src=x>", timeout=CHANGES_WITHIN_MS)
    expect(row.locator(".unread-count")).to_contain_text("1")
    expect(page.locator("#unread-total")).to_contain_text("1")
    expect(page.locator("#announce")).to_contain_text("New message from Bo <b>Friend</b>")
    assert reader.document_is_marked(), "the page was reloaded"

    row.get_by_role("link").click()
    expect(page.locator("#messages")).to_contain_text("Is it still there?")
    expect(page.locator("#messages strong")).to_have_text("still")
    expect(page.locator("#unread-total")).to_be_hidden()
    reader.mark_document()
    page.get_by_label("Answer").fill("Yes, it is")
    page.keyboard.press("Enter")
    answer = page.locator("#messages [data-mine]", has_text="Yes, it is")
    expect(answer.locator("[data-tick]")).to_have_attribute("data-status", "delivered", timeout=CHANGES_WITHIN_MS)
    expect(page.get_by_label("Answer")).to_have_value("")
    friend.write("Then I take it")
    expect(page.locator("#messages li").last).to_contain_text("Then I take it", timeout=CHANGES_WITHIN_MS)
    expect(page.locator("#unread-total")).to_be_hidden()
    assert reader.document_is_marked(), "the page was reloaded"
    assert friend.got() == ["Yes, it is"]
    wait_until(lambda: chat_of(reader.user, FRIEND)["unread"] == 0, 10, "it is read")


def test_it_works_without_scripts(open_page: OpenPage, stack: Stack, kim: Api) -> None:
    friend = Friend(stack, OTHER, "Al")
    friend.write("hello")
    chat_of(kim, OTHER)
    with open_page(java_script_enabled=False) as page:
        Person(page, kim).log_in()
        page.goto("/inbox?q=al")
        row = page.locator("[data-chat-row]", has_text="Al")
        expect(row.locator(".unread-count")).to_contain_text("1")
        row.get_by_role("link").click()
        page.get_by_role("button", name="Mark as read").click()
        expect(page.get_by_role("button", name="Mark as read")).to_have_count(0)
        page.get_by_label("Answer").fill("hi Al")
        page.get_by_role("button", name="Send", exact=True).click()
        expect(page.locator("#messages")).to_contain_text("hi Al")
        expect(page.get_by_label("Answer")).to_have_value("")
    wait_until(lambda: friend.got() == ["hi Al"], 20, "the answer arrives")


def test_files_are_shown_and_can_be_taken_away(reader: Person, friend: Friend) -> None:
    page, picture = reader.page, png(40, 20)
    friend.write(media=base64.b64encode(picture).decode(), mimetype="image/png", caption="look")
    html = b"<!doctype html><script>document.title='taken'</script>"
    friend.write(media=base64.b64encode(html).decode(), mimetype="text/html", filename="page.html")
    chat = chat_of(reader.user, FRIEND)
    stored(reader.user, chat["id"], 2)
    page.goto(f"/inbox/{chat['id']}")
    shown = page.locator("#messages img")
    expect(shown).to_have_count(1)
    wait_until(lambda: shown.evaluate("image => image.naturalWidth") == 40, 10, "the picture is drawn")
    assert page.request.get(str(shown.get_attribute("src"))).body() == picture
    with page.expect_download() as waiting:
        page.locator(".message-item", has_text="page.html").get_by_role("link", name="Download").click()
    assert waiting.value.suggested_filename == "page.html"
    assert waiting.value.path().read_bytes() == html


KINDS = {
    "sticker": ("image/webp", b"RIFF\x24\0\0\0WEBPVP8X", "img[data-sticker]"),
    "ptt": ("audio/ogg; codecs=opus", b"OggS\x00\x02" + bytes(20) + b"\x01\x13OpusHead", "audio"),
    "audio": ("audio/mp4", b"\0\0\0\x20ftypM4A ", "audio"),
    "video": ("video/mp4", b"\0\0\0\x20ftypisom", "video"),
    "document": ("application/pdf", b"%PDF-1.7 ", "a[download]"),
}
"""By WhatsApp's name of it: what its sender says it is, how it begins, and what shows it."""


def test_each_kind_of_file_is_shown_in_its_way(reader: Person, stack: Stack, kim: Api) -> None:
    page, friend = reader.page, Friend(stack, "+15550100935", "Cy")
    for kind, (mimetype, head, _) in KINDS.items():
        friend.write(media=base64.b64encode(head + bytes(200)).decode(), mimetype=mimetype, kind=kind)
    chat = chat_of(kim, friend.number)
    files = stored(kim, chat["id"], len(KINDS))
    assert {one["kind"] for one in files} == set(KINDS)
    page.goto(f"/inbox/{chat['id']}")
    for one in files:
        shown = page.locator(f"#messages li[id$='{one['id']}']").locator(KINDS[one["kind"]][2])
        expect(shown).to_have_count(1)
        answer = kim.get(one["media"]["url"])
        assert answer.content.startswith(KINDS[one["kind"]][1])
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Disposition"].startswith("attachment" if one["kind"] == "document" else "inline")
    stranger = Api(stack, "stranger").register()
    assert {stranger.get(one["media"]["url"]).status_code for one in files} == {404}


@pytest.mark.parametrize("viewport", [WIDE, NARROW])
def test_a_chat_with_files_scrolls_in_its_box_alone(open_page: OpenPage, stack: Stack, kim: Api, viewport: ViewportSize) -> None:
    friend = Friend(stack, f"+1555010094{viewport['width'] % 10}", "Di")
    for n in range(8):
        friend.write(media=base64.b64encode(b"%PDF-1.7 " + bytes(200)).decode(), mimetype="application/pdf", filename=f"{n}.pdf")
    chat = chat_of(kim, friend.number)
    stored(kim, chat["id"], 8)
    with open_page(viewport=viewport) as page:
        Person(page, kim).log_in()
        page.goto(f"/inbox/{chat['id']}#newest")
        expect(page.locator("#messages")).to_contain_text("7.pdf")
        page.wait_for_load_state("networkidle")
        assert page.evaluate("[document.documentElement.scrollHeight - innerHeight, scrollY]") == [0, 0]
        reply = page.get_by_label("Answer").bounding_box()
        assert reply and viewport["height"] - reply["y"] - reply["height"] < 60


def test_earlier_messages_come_when_they_are_asked_for(reader: Person, long_chat: str) -> None:
    page = reader.page
    page.goto(long_chat)
    expect(page.locator("#messages li").last).to_contain_text("line 54")
    before = page.locator("#messages li").count()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "before=" in request.url else None)
    page.get_by_role("link", name="Earlier messages").dblclick()
    expect(page.locator("#messages")).to_contain_text("line 00")
    assert page.locator("#messages li").count() > before
    ids = page.locator("#messages li").evaluate_all("items => items.map((one) => one.id)")
    assert ids == sorted(set(ids))
    assert len(asked) == 1, "an impatient second click fetches nothing again"


def test_earlier_messages_that_do_not_come_are_missed_aloud_and_can_be_asked_for_again(reader: Person, long_chat: str) -> None:
    page = reader.page
    page.goto(long_chat)
    page.route("**/*before=*", lambda route: route.fulfill(status=429))
    page.get_by_role("link", name="Earlier messages").click()
    expect(page.locator("#earlier").get_by_role("alert")).to_contain_text("could not be loaded")
    page.unroute("**/*before=*")
    page.get_by_role("link", name="Earlier messages").click()
    expect(page.locator("#messages")).to_contain_text("line 00")
    expect(page.locator("#earlier").get_by_role("alert")).to_have_count(0)


def test_a_session_is_only_asked_for_once_it_is_chosen(reader: Person) -> None:
    """In Firefox the arrow keys change a closed list, step by step."""
    page, asked = reader.page, []
    reader.user.post("/api/whatsapp/initialize", {"session": "second", "network": "sandbox"})
    page.goto("/inbox")
    page.on("request", lambda one: asked.append(one.url) if one.is_navigation_request() else None)
    page.get_by_label("Session").select_option("second")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/inbox?*session=second*")
    reader.user.delete("/api/whatsapp/sessions/second")
    assert len(asked) == 1


def test_everybody_can_use_it(open_page: OpenPage, kim: Api, friend: Friend) -> None:
    """Narrow, where the list and a chat take turns, and dark: the rest is looked at with every other page."""
    friend.write("hello")
    chat = chat_of(kim, FRIEND)
    wrong: dict[str, object] = {}
    look: Callable[[str, Page], None] = lambda name, page: wrong.update({name: found} if (found := violations(page)) else {})  # noqa: E731
    with open_page(color_scheme="dark", viewport=NARROW) as page:
        Person(page, kim).log_in()
        page.goto("/inbox")
        look("chats, narrow", page)
        page.locator("[data-chat-row]", has_text="Bo").get_by_role("link").click()
        expect(page.locator("#chat-list")).to_be_hidden()
        look("one chat, narrow", page)
        page.get_by_role("link", name="Back to the chats").click()
        expect(page.locator("#chat-list")).to_be_visible()
        page.set_viewport_size(WIDE)
        page.goto(f"/inbox/{chat['id']}")
        look("wide", page)
    assert wrong == {}
