"""`make screenshots`: every page, wide and narrow, light and dark, from a furnished wabot, into docs/screenshots/.

That folder is not kept under version control; what documents show is copied from it into docs/images/.

`python -m tests.screenshots dashboard messages` takes those whose names begin so.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.stack import CHEAP_SCRYPT, ROOT

os.environ["WABOT_TEST_SCRYPT"] = CHEAP_SCRYPT  # before wabot.lib.passwords is imported

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser import site
from tests.browser.accessibility import NARROW, WIDE
from tests.browser.person import Person
from tests.support import administrator, limits, showcase
from tests.support.api import Api
from tests.support.stack import Stack

TARGET = Path(ROOT, "docs", "screenshots")
SHOWN = ("dashboard-wide-light", "messages-one-wide-light", "messages-new-wide-dark")
"""Those in the README."""
LOOKS = [(width, theme) for width in ("wide", "narrow") for theme in ("light", "dark")]
SIZES = {"wide": WIDE, "narrow": NARROW}
QUALITY = 55
TALLEST = 2400
"""Pixels: of a longer page its upper part is shown."""
_IDS = re.compile(r"[0-9a-f]{24}|[0-9A-Za-z_-]{20,}")


def main(wanted: list[str]) -> None:
    stack = Stack(WABOT_WEBHOOK_ALLOW="127.0.0.1")
    print("starting a wabot to take pictures of …", flush=True)
    stack.start()
    try:
        limits.lift(stack)
        admin = administrator.make(stack)
        robin = showcase.furnish(stack, admin)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for width, theme in LOOKS:
                _take_all(browser, stack, {"public": None, "user": robin, "admin": admin}, (width, theme), wanted)
    finally:
        stack.stop()
        stack.remove()
    sizes = [one.stat().st_size for one in TARGET.iterdir()]
    print(f"{len(sizes)} pictures, {sum(sizes) / 2**20:.1f} MB")


def _take_all(browser: Browser, stack: Stack, people: dict[str, Api | None], look: tuple[str, str], wanted: list[str]) -> None:
    width, theme = look
    examples = site.examples_of(people["user"])  # type: ignore[arg-type]
    for who, user in people.items():
        context = browser.new_context(
            base_url=stack.url,
            viewport=SIZES[width],
            color_scheme=theme,
            reduced_motion="reduce",  # type: ignore[arg-type]
        )
        context.set_default_timeout(30_000)
        page = context.new_page()
        if user:
            Person(page, user).log_in()
            _have_a_phone(page)
        for name, path in _named(site.pages(who, examples), wanted):
            page.goto(path)
            _take(page, TARGET / f"{name}-{width}-{theme}.webp")
        context.close()


def _have_a_phone(page: Page) -> None:
    page.goto("/sandbox")
    create = page.get_by_role("button", name="Create phone")
    if create.count():
        create.click()
        page.wait_for_load_state()


def _named(paths: list[str], wanted: list[str]) -> Iterator[tuple[str, str]]:
    for path in paths:
        name = re.sub(r"\W+", "-", _IDS.sub("one", path.split("&")[0])).strip("-") or "landing"
        if not wanted or name.startswith(tuple(wanted)):
            yield name, path


def _take(page: Page, target: Path) -> None:
    """By the debugger's door: it writes WebP, a quarter of the size of PNG."""
    _fill_in(page)
    page.evaluate("document.fonts.ready.then(() => 1)")
    devtools = page.context.new_cdp_session(page)
    size = page.evaluate("({width: innerWidth, height: Math.max(innerHeight, document.documentElement.scrollHeight)})")
    clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], TALLEST), "scale": 1}
    picture = devtools.send(
        "Page.captureScreenshot", {"format": "webp", "quality": QUALITY, "captureBeyondViewport": True, "clip": clip}
    )
    devtools.detach()
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(base64.b64decode(picture["data"]))
    if target.stem in SHOWN:
        shutil.copy(target, TARGET.parent / "images")


def _fill_in(page: Page) -> None:
    """The form to write a message is shown in use."""
    if page.url.endswith("/messages/new"):
        page.get_by_label("To", exact=True).fill("+1 202 555 0161, +49 30 901820\n+1 202 555 0163")
        text = (
            "Hello Ana, your order *A-1042* is _ready_ 📦\n~19:00~ until *20:00*: https://example.com/shop\n> Pay at the counter"
        )
        page.get_by_label("Message", exact=True).fill(text)


if __name__ == "__main__":
    main(sys.argv[1:])
