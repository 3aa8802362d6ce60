"""Whether the time of an answer tells who has an account: logging in and asking for a forgotten password, known against unknown.

Once with the hash at the strength that is really used, once with a cheap one, which hides nothing else. The ratio should stay between 0.9
and 1.1 at the median.
"""

from __future__ import annotations

import secrets
import statistics
import time
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from tests.support.api import Api
from tests.support.limits import lift
from tests.support.stack import CHEAP_SCRYPT, Stack

from .figures import Figure

TRIES = 100
USERS = 25
"""Four tries each: after five failures an account has to wait."""
REAL_SCRYPT = "scrypt:32768:8:1"


def run(_: Stack) -> list[Figure]:
    return [figure for method, words in ((REAL_SCRYPT, "real"), (CHEAP_SCRYPT, "cheap")) for figure in _measure(method, words)]


def _measure(method: str, words: str) -> list[Figure]:
    stack = Stack(WABOT_TEST_SCRYPT=method, WABOT_SANDBOX="0", WABOT_DEFAULT_NETWORK="live")
    stack.start()
    try:
        lift(stack)
        known = [Api(stack, "known").register().email for _ in range(USERS)]
        login = _compare(_Caller(stack, "/api/auth/login", password="wrong horse battery"), known)
        forgot = _compare(_Caller(stack, "/api/auth/forgot-password"), known)
    finally:
        stack.stop()
        stack.remove()
    return [
        Figure(f"login, {words} hash: known / unknown address, p50", login[0], "×"),
        Figure(f"login, {words} hash: known address, p50", login[1], "ms"),
        Figure(f"forgot password beside {words} hash: known / unknown address, p50", forgot[0], "×"),
    ]


def _compare(call: Callable[[str], None], known: list[str]) -> tuple[float, float]:
    """The median of known / unknown over the pairs, and that of a known address in milliseconds. In turns, now one first, now the
    other, and an unknown address is tried as often as a known one, so that whatever else goes on meets both."""
    unknown = [f"known-{secrets.token_hex(4)}@example.com" for _ in known]
    pairs = list(zip(known, unknown, strict=True)) * (TRIES // USERS)
    took = [_pair(call, pair, backwards=bool(number % 2)) for number, pair in enumerate(pairs)]
    return statistics.median(one / other for one, other in took), statistics.median(one for one, _ in took)


def _pair(call: Callable[[str], None], addresses: tuple[str, str], *, backwards: bool) -> tuple[float, float]:
    """Milliseconds."""
    took = {}
    for address in reversed(addresses) if backwards else addresses:
        started = time.perf_counter()
        call(address)
        took[address] = (time.perf_counter() - started) * 1000
    return took[addresses[0]], took[addresses[1]]


class _Caller:
    """Tries from address after address of loopback: too many failures from one have to wait."""

    def __init__(self, stack: Stack, path: str, **more: str) -> None:
        self._url, self._more = stack.url + path, more
        self._calls = 0
        self._session = requests.Session()

    def __call__(self, email: str) -> None:
        if self._calls % 20 == 0:
            self._session.mount("http://", _From(f"127.0.0.{2 + self._calls // 20}"))
        self._calls += 1
        answer = self._session.post(self._url, json={"email": email, **self._more}, timeout=30)
        assert answer.status_code in (202, 401), answer.text


class _From(HTTPAdapter):
    def __init__(self, address: str) -> None:
        self._address = address
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=(self._address, 0))  # type: ignore[no-untyped-call]
