"""How long a page takes to be seen, and how long its scripts hold up the browser: on loopback, with an empty cache, in real Chromium.

Aims: the first picture within 1 s, scripts at most 60 ms.
"""

from __future__ import annotations

import statistics

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.person import Person
from tests.support.api import Api
from tests.support.stack import Stack

from .figures import Figure

PAGES = ("/", "/login", "/dashboard", "/messages", "/messages/new", "/inbox", "/keys", "/whatsapp")
PUBLIC = frozenset({"/", "/login"})
TRIES = 5
_PAINTED = """() => new Promise((seen) => new PerformanceObserver((list) => {
  const first = list.getEntriesByName('first-contentful-paint')[0]
  if (first) seen(first.startTime)
}).observe({type: 'paint', buffered: true}))"""


def run(stack: Stack) -> list[Figure]:
    user = Api(stack, "reader").register()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        found = {path: [_look(browser, stack, user, path) for _ in range(TRIES)] for path in PAGES}
        browser.close()
    seen = {path: statistics.median(one[0] for one in tries) for path, tries in found.items()}
    scripts = {path: statistics.median(one[1] for one in tries) for path, tries in found.items()}
    slowest, busiest = max(seen, key=lambda path: seen[path]), max(scripts, key=lambda path: scripts[path])
    return [
        Figure("first picture of /, p50", seen["/"], "ms"),
        Figure(f"first picture of the slowest page ({slowest}), p50", seen[slowest], "ms"),
        Figure(f"scripts of the busiest page ({busiest}), p50", scripts[busiest], "ms"),
        Figure("scripts that block a first picture", max(one[2] for tries in found.values() for one in tries), ""),
    ]


def _look(browser: Browser, stack: Stack, user: Api, path: str) -> tuple[float, float, int]:
    """(ms to the first picture, ms of scripts until the page stands, blocking scripts); each time in a browser that knows nothing."""
    context = browser.new_context(base_url=stack.url)
    page = context.new_page()
    if path not in PUBLIC:
        Person(page, user).log_in()
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    devtools.send("Network.setCacheDisabled", {"cacheDisabled": True})
    devtools.send("Performance.enable")
    before = _script_ms(devtools.send("Performance.getMetrics"))
    page.goto(path, wait_until="load")
    painted = float(page.evaluate(_PAINTED))
    took = _script_ms(devtools.send("Performance.getMetrics")) - before
    blocking = _blocking(page)
    context.close()
    return painted, took, blocking


def _script_ms(answer: dict[str, list[dict[str, float]]]) -> float:
    return next(one["value"] for one in answer["metrics"] if one["name"] == "ScriptDuration") * 1000


def _blocking(page: Page) -> int:
    return int(page.evaluate("document.querySelectorAll('script[src]:not([type=module]):not([defer]):not([async])').length"))
