"""Bad weather at WhatsApp, for the chaos test: ticks late and lost, sockets dropped, a page that hangs, every WhatsApp Web."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.support.api import Api, ApiError
from tests.support.processes import browsers_of
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until

PROFILES = sorted(path.stem for path in (ROOT / "node_wa/sandbox/profiles").glob("*.js"))
FAULTS: tuple[dict[str, Any], ...] = (
    {"drop_socket": True},
    {"ack_delay_ms": 3000},
    {"lose_acks": True},
    {"page_hang": True},
    *({"web_profile": name} for name in PROFILES),
)
LASTS = (0.5, 1.5)
CLEARS_WITHIN = 120


class Weather:
    """One fault after the other, in random order, all of them again and again until told to stop."""

    def __init__(self, stack: Stack, user: Api, dice: random.Random) -> None:
        self._stack, self._user, self._dice = stack, user, dice
        self._stop = threading.Event()
        self.passed: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="weather")

    def __enter__(self) -> Weather:
        self._blowing = self._pool.submit(self._run)
        return self

    def __exit__(self, *_: object) -> None:
        """The sky is clear afterwards. Pages connect once more: what ticks they missed they are told then."""
        self._stop.set()
        self._blowing.result(2 * CLEARS_WITHIN)
        self._pool.shutdown()
        self._stack.sandbox("PUT", "/faults", drop_socket=True)

    def _run(self) -> None:
        while not self._stop.is_set():
            for fault in self._dice.sample(FAULTS, len(FAULTS)):
                self._blow(fault)
                if self._stop.is_set():
                    return

    def _blow(self, fault: dict[str, Any]) -> None:
        self._stack.sandbox("PUT", "/faults", **fault)
        if "web_profile" in fault:
            self._load_page_anew()
            wait_until(self._came_to_something, CLEARS_WITHIN, f"the session runs or fails with {fault}")
        self._stop.wait(self._dice.uniform(*LASTS))
        self._stack.sandbox("PUT", "/faults", ack_delay_ms=0)
        wait_until(self._connected, CLEARS_WITHIN, f"the session is connected after {fault}")
        self.passed[" ".join(map(str, fault.values())) if "web_profile" in fault else next(iter(fault))] += 1

    def _load_page_anew(self) -> None:
        for browser in browsers_of(self._stack.data):
            if "--type=" not in browser.command:
                os.kill(browser.pid, signal.SIGKILL)
        wait_until(lambda: self._status() != "connected", CLEARS_WITHIN, "the loss is noticed")

    def _came_to_something(self) -> bool:
        return self._status() in ("connected", "failed")

    def _connected(self) -> bool:
        """With its owner's help, where a WhatsApp Web can't be used at all: tried again, it gets the next one."""
        if self._status() == "failed":
            self._user.initialize(network="sandbox")
        return self._status() == "connected"

    def _status(self) -> str:
        try:
            return str(self._user.status()["status"])
        except (ApiError, ValueError) as error:
            raise requests.RequestException("web is away") from error
