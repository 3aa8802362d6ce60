"""What is wrong with a page as axe sees it, and whether it scrolls sideways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page

from tests.support.stack import ROOT

AXE = Path(ROOT, "wabot/assets/node_modules/axe-core/axe.min.js")
NARROW = {"width": 375, "height": 720}
WIDE = {"width": 1280, "height": 800}
ZOOMED = {"width": 640, "height": 400}
"""The wide window at 200 %."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


_NAMELESS = """() => {
  const fields = [...document.querySelectorAll('input:not([type=hidden]), select, textarea')]
  const named = (one) => one.labels.length > 0 || one.ariaLabel || one.hasAttribute('aria-labelledby')
  return fields.filter((one) => one.checkVisibility() && !named(one)).map((one) => `no label: ${one.outerHTML}`)
}"""
"""Axe takes a `label[for]` for one, also where another element has that id first and the browser gives it to that."""


def violations(page: Page) -> list[str]:
    found = _found_by_axe(page, {"runOnly": RULES})
    return [*found, *page.evaluate(_NAMELESS), *(["scrolls sideways"] if sideways(page) > 0 else [])]


def contrast(page: Page) -> list[str]:
    """Only what colours can do wrong: for a second theme of a page that was looked at."""
    return _found_by_axe(page, {"runOnly": {"type": "rule", "values": ["color-contrast"]}})


def violations_everywhere(page: Page) -> list[str]:
    """Wide and narrow, light and dark, as far as each can be wrong by itself. Leaves the page narrow and dark."""
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    page.emulate_media(color_scheme="light", reduced_motion="reduce")  # a colour on its way to another is neither
    found = violations(page)
    page.emulate_media(color_scheme="dark")
    found += [f"dark: {one}" for one in contrast(page)]
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    found += ["zoomed: scrolls sideways"] if sideways(page) > 0 else []
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    return found + [f"narrow: {one}" for one in violations(page)]


def _found_by_axe(page: Page, options: dict[str, Any]) -> list[str]:
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))  # by the debugger's door: the page's own policy refuses it
    found: list[dict[str, Any]] = page.evaluate(
        "options => axe.run(options).then(found => found.violations)", {**options, "resultTypes": ["violations"]}
    )
    return [f"{one['id']}: {[node['target'] for node in one['nodes']]}" for one in found]


def sideways(page: Page) -> int:
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


_COVERED = """notice => {
  const all = [...document.querySelectorAll('main :is(a, button, input, select, textarea, summary)')].filter((one) => one.checkVisibility())
  return all.filter((one) => {
    one.focus()
    const box = one.getBoundingClientRect()
    return notice !== one.parentNode && notice.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2))
  }).map((one) => one.outerHTML)
}"""


def covered_by(notice: Locator) -> list[str]:
    """What can be used on the page, and can't be reached with the pointer where the keyboard brings it into sight."""
    found: list[str] = notice.evaluate(_COVERED)
    return found
