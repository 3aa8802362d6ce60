"""From a phone's message to the webhook's arrival, and deliveries a second with 1 and 50 endpoints, against bare POSTs.

The receiver is on this machine and answers at once. Deliveries are those of `redeliver`: the events are there already, so that
nothing but delivering is measured: read, signed, sent, and noted in the log, durably, each.
"""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.support.api import Api
from tests.support.receiver import Received, Receiver
from tests.support.stack import Stack
from tests.support.waiting import poll, wait_until
from wabot.lib.clock import now, to_rfc3339

from . import store
from .figures import Figure

ONE_BY_ONE = 200
MESSAGES = 600
BARE = 1000
BARE_THREADS = 8
ENDPOINTS = 50
EVENTS_EACH = 24
ME, FRIEND = "+15550900011", "+15550900012"
BEGINNING = "2026-01-01T00:00:00Z"
_WITHIN = 300.0
_A_CLEAN_SECOND = 2.5
"""What happened before is not sent again: `since` counts in seconds."""


class Arrivals:
    """When what arrived at the receiver."""

    def __init__(self) -> None:
        self.receiver = Receiver(answer=self._note).start()
        self._lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.times: list[float] = []
        self.texts: dict[str, float] = {}

    def _note(self, request: Received) -> int:
        at, text = time.monotonic(), str(request.json["data"].get("message"))
        with self._lock:
            self.times.append(at)
            self.texts.setdefault(text, at)
        return 204

    def rate(self, count: int) -> float:
        """A second, from the first to the last of so many."""
        wait_until(lambda: len(self.times) >= count, _WITHIN, f"{count} deliveries")
        times = sorted(self.times)
        return (count - 1) / (times[count - 1] - times[0])


def run(stack: Stack) -> list[Figure]:
    user = Api(stack, "hooked").register()
    stack.sandbox("PUT", f"/phones/{FRIEND}", name="Friend")
    user.link(ME)
    arrivals = Arrivals()
    hook = user.post("/api/webhooks", {"url": arrivals.receiver.url, "events": ["message.received"]}).json()
    try:
        took = [_one(stack, arrivals, number) for number in range(ONE_BY_ONE)]
        bare = _bare(arrivals)
        one = _one_endpoint(stack, user, arrivals, hook)
        many = _many_endpoints(stack, user, arrivals, hook)
    finally:
        user.delete(f"/api/webhooks/{hook['id']}")
        user.disconnect()
        arrivals.receiver.stop()
    return [
        Figure("webhook: from the phone's message to its arrival, p50", statistics.median(took), "ms"),
        Figure("webhook: from the phone's message to its arrival, p99", sorted(took)[int(len(took) * 0.99)], "ms"),
        Figure("webhook deliveries, 1 endpoint: wabot / bare POSTs", one / bare, "×"),
        Figure("webhook deliveries, 1 endpoint", one, "a second"),
        Figure(f"webhook deliveries, {ENDPOINTS} endpoints: wabot / bare POSTs", many / bare, "×"),
        Figure(f"webhook deliveries, {ENDPOINTS} endpoints", many, "a second"),
        Figure(f"bare POSTs of {BARE_THREADS} threads to the same receiver", bare, "a second"),
    ]


def _one(stack: Stack, arrivals: Arrivals, number: int) -> float:
    """Milliseconds from the phone's order to send until the receiver has the call."""
    text = f"one {number}"
    started = time.monotonic()
    stack.sandbox("POST", f"/phones/{FRIEND}/send", to=ME, text=text)
    wait_until(lambda: text in arrivals.texts, 30, f"{text} arrives")
    return (arrivals.texts[text] - started) * 1000


def _bare(arrivals: Arrivals) -> float:
    arrivals.forget()
    body: dict[str, Any] = {"data": {"message": "bare"}}

    def post(_: int) -> None:
        requests.post(arrivals.receiver.url, json=body, timeout=10)

    with ThreadPoolExecutor(BARE_THREADS) as pool:
        list(pool.map(post, range(BARE)))
    return arrivals.rate(BARE)


def _one_endpoint(stack: Stack, user: Api, arrivals: Arrivals, hook: dict[str, Any]) -> float:
    with ThreadPoolExecutor(4) as pool:
        texts = [f"many {number}" for number in range(MESSAGES)]
        list(pool.map(lambda text: stack.sandbox("POST", f"/phones/{FRIEND}/send", to=ME, text=text), texts))
    wait_until(lambda: set(texts) <= arrivals.texts.keys(), _WITHIN, "all are told")
    arrivals.forget()
    user.post(f"/api/webhooks/{hook['id']}/redeliver", {"since": BEGINNING})
    return arrivals.rate(ONE_BY_ONE + MESSAGES)


def _many_endpoints(stack: Stack, user: Api, arrivals: Arrivals, hook: dict[str, Any]) -> float:
    """So many new events, for each of them. A user can't make as many endpoints, so they are copied in the store."""
    poll(_A_CLEAN_SECOND)
    since = to_rfc3339(now())
    texts = [f"each {number}" for number in range(EVENTS_EACH)]
    for text in texts:
        stack.sandbox("POST", f"/phones/{FRIEND}/send", to=ME, text=text)
    wait_until(lambda: set(texts) <= arrivals.texts.keys(), _WITHIN, "all are told")
    arrivals.forget()
    copies = store.copy_webhook(stack, hook["id"], ENDPOINTS - 1)
    with ThreadPoolExecutor(8) as pool:
        again = [f"/api/webhooks/{one}/redeliver" for one in [hook["id"], *copies]]
        list(pool.map(lambda path: user.post(path, {"since": since}), again))
    return arrivals.rate(ENDPOINTS * EVENTS_EACH)
