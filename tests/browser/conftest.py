"""A real Chromium, and pages of it that fail a test when their console shows an error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.support.administrator import make
from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import wait_until

from .person import Person

CHROMIUM = "/usr/lib/chromium/chromium-headless-shell"  # without the frame of windows: less than half the time
HURRIED = "const native = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = () => native(2000)"
"""A script for pages that shall not wait long for an answer."""
OpenPage = Callable[..., AbstractContextManager[Page]]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def open_page(browser: Browser, stack: Stack) -> OpenPage:
    """`with open_page(color_scheme="dark") as page`: options are those of a Playwright context."""

    @contextmanager
    def opened(**options: Any) -> Iterator[Page]:
        errors: list[str] = []
        context = browser.new_context(**{"base_url": stack.url, "viewport": {"width": 1280, "height": 800}, **options})
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("console", lambda message: _note(errors, message))
        page.on("pageerror", lambda error: errors.append(str(error)))
        try:
            yield page
        finally:
            context.close()
        assert not errors, "the browser's console:\n" + "\n".join(errors)

    return opened


def _note(errors: list[str], message: ConsoleMessage) -> None:
    # An answer of 4xx to a form is shown as a page; Chromium notes it as an error all the same.
    if message.type == "error" and "responded with a status of 4" not in message.text:
        errors.append(f"{message.text} ({message.location.get('url')})")


@pytest.fixture
def page(open_page: OpenPage) -> Iterator[Page]:
    with open_page() as opened:
        yield opened


@pytest.fixture(scope="session")
def administrator(stack: Stack) -> Api:
    return make(stack)


@pytest.fixture(scope="session")
def linked_user(stack: Stack) -> Api:
    """A person with a linked sandbox session, a key, a virtual phone and a few messages, one of them hostile."""
    user = Api(stack, "robin").register()
    user.link("+12025550911")
    user.key(name="<b>Shop</b>")
    for text in ("Hello *there*", "<script>document.title = 'taken'</script><img src=x onerror=alert(1)>"):
        user.wait_for_message(user.send("+12025570911", text)["id"], "delivered", "read")
    user.wait_for_message(user.send("+4930123456", "To nobody")["id"], "failed")
    stack.sandbox("PUT", "/phones/+12025550912", name="Kim")
    stack.sandbox("POST", "/phones/+12025550912/send", to="+12025550911", text="Is it *ready*?")
    wait_until(lambda: user.get("/api/chats").json()["items"], 20, "what was written has come in")
    return user


@pytest.fixture
def robin(page: Page, linked_user: Api) -> Person:
    return Person(page, linked_user).log_in()
