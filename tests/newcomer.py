"""`make newcomer`: a newcomer's first minutes. Clone, set up, `make run`, and by the pages alone to a delivered message.

Fails when it takes longer than `PATIENCE` seconds after everything is installed. Only what the pages show is used.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import requests
from playwright.sync_api import Page, expect, sync_playwright

from tests.support.stack import ROOT, environment
from tests.support.waiting import wait_until
from wabot.launching import ports

PATIENCE = 90.0
_LINKED_WITHIN_MS = 60_000


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="wb-new-", dir="/tmp"))
    try:
        clone, took = home / "wabot", time.monotonic()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        subprocess.run(["make", "setup"], cwd=clone, check=True, stdout=subprocess.DEVNULL)
        print(f"cloned and set up in {time.monotonic() - took:.0f} s", flush=True)
        seconds = _first_minutes(clone, home / "data")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(f"from `make run` to a delivered message: {seconds:.1f} s (at most {PATIENCE:.0f})")
    sys.exit(0 if seconds < PATIENCE else 1)


def _first_minutes(clone: Path, data: Path) -> float:
    """Seconds from `make run` to the delivered message."""
    ours = {f"{name}_PORT": str(ports.choose_free()) for name in ("WABOT", "GATEWAY", "SANDBOX")}
    data.mkdir()
    env = {name: value for name, value in environment(data, **ours).items() if name != "WABOT_TEST_SCRYPT"}
    started = time.monotonic()
    with (data / "run.out").open("wb") as out:
        running = subprocess.Popen(
            ["make", "run"], cwd=clone, env=env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        url = _told_url(data / "run.out")
        print(f"  {time.monotonic() - started:5.1f} s  ready at {url}", flush=True)
        _walk(url, started)
        return time.monotonic() - started
    finally:
        os.killpg(running.pid, signal.SIGINT)
        running.wait(timeout=60)


def _told_url(output: Path) -> str:
    """The address that the terminal names, once it answers."""

    def told() -> str | None:
        found = re.search(r"http://127\.0\.0\.1:\d+", output.read_text(errors="replace"))
        return found[0] if found and requests.get(f"{found[0]}/readyz", timeout=5).ok else None

    return wait_until(told, PATIENCE, "the terminal says where wabot is")


def _walk(url: str, started: float) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(base_url=url)
        for step in (_account, _phone, _scan, _send):
            step(page)
            print(f"  {time.monotonic() - started:5.1f} s  {step.__name__[1:]}", flush=True)
        browser.close()


def _account(page: Page) -> None:
    page.goto("/")
    page.get_by_role("link", name="Create account").click()
    page.get_by_label("Email").fill(f"newcomer-{secrets.token_hex(4)}@example.com")
    page.get_by_label("Password").fill("four quiet words together")
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url("**/dashboard")


def _phone(page: Page) -> None:
    page.get_by_role("button", name="Use a virtual phone").click()
    page.locator("#qr :is(svg, img)").wait_for(timeout=_LINKED_WITHIN_MS)


def _scan(page: Page) -> None:
    page.get_by_role("button", name="Scan with My phone").click()
    expect(page.locator("#session-panel")).to_have_attribute("data-status", "connected", timeout=_LINKED_WITHIN_MS)


def _send(page: Page) -> None:
    page.locator("#session-panel").get_by_role("link", name="New message").click()
    page.get_by_role("button", name="Send message").click()
    page.wait_for_url(re.compile(r"/messages/[0-9a-f]{24}$"))
    expect(page.locator("#message-head [data-tick]")).to_have_text("Delivered", timeout=_LINKED_WITHIN_MS)
    expect(page.get_by_text("Your first message is there.")).to_be_visible()


if __name__ == "__main__":
    main()
