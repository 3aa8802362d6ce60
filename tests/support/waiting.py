"""Waiting for a condition with a deadline; nothing in the tests sleeps."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

import requests

T = TypeVar("T")

POLL_SECONDS = 0.05
_never = threading.Event()


def poll(seconds: float = POLL_SECONDS) -> None:
    """The pause between two looks at a condition."""
    _never.wait(seconds)


def wait_until(predicate: Callable[[], T], timeout: float, what: str) -> T:
    """The first true answer of `predicate`. A refused or broken call is a "not yet". Fails after `timeout` seconds, naming `what`."""
    deadline = time.monotonic() + timeout
    last: object = None
    while True:
        try:
            answer = predicate()
            if answer:
                return answer
            last = answer
        except requests.RequestException as error:
            last = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout:g} s: {what} (last seen: {last!r})")
        poll()
