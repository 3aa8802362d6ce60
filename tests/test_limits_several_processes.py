"""The same limits in two web processes that share a Redis, over the whole product; and what holds while Redis is away."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import requests

from tests.support import administrator, limits
from tests.support.api import Api
from tests.support.redis import Redis
from tests.support.second_web import second_web
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from wabot.lib.windows import RedisOrMemory

HOLDS_WITHIN = 1.0
"""Seconds a change of settings may take to reach the other web process."""


@dataclass
class House:
    stack: Stack
    redis: Redis
    urls: tuple[str, str]
    admin: Api
    user: Api

    def send(self, number: int, web: int | None = None) -> requests.Response:
        body = {"to": "+12025570100", "message": f"number {number}"}
        url = self.urls[number % 2 if web is None else web]
        return requests.post(
            f"{url}/api/messages/send", json=body, headers={"Authorization": f"Bearer {self.user.token}"}, timeout=30
        )

    def sixty(self) -> Counter[int]:
        """In parallel, half to each web process."""
        with ThreadPoolExecutor(30) as pool:
            return Counter(answer.status_code for answer in pool.map(self.send, range(60)))

    def readyz(self, web: int) -> tuple[int, list[str]]:
        answer = requests.get(f"{self.urls[web]}/readyz", timeout=10)
        return answer.status_code, answer.json()["degraded"]


@pytest.fixture(scope="module")
def redis() -> Iterator[Redis]:
    running = Redis()
    running.start()
    yield running
    running.remove()


@pytest.fixture(scope="module")
def house(stacks: Callable[..., Stack], redis: Redis) -> Iterator[House]:
    stack = stacks(REDIS_URL=redis.url)
    stack.start()
    admin = limits.lift(stack)
    with second_web(stack) as second:
        user = Api(stack, "sender").register()
        user.link("+15550700001")
        yield House(stack, redis, (stack.url, second), admin, user)


def test_sixty_parallel_sends_over_two_web_processes(house: House) -> None:
    limits.change(house.admin, enabled=True, send_per_minute=25)
    wait_until(lambda: _limit_seen_by(house, 1) == 25, HOLDS_WITHIN, "the change holds in the other process")
    assert house.sixty() == {202: 25, 429: 35}
    refused = house.send(0, web=1)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60


def test_the_toggle_reaches_both(house: House) -> None:
    limits.change(house.admin, enabled=False)
    assert house.send(0, web=0).status_code == 202, "the next request in the process that took it"
    started = time.monotonic()
    wait_until(lambda: house.send(1, web=1).status_code == 202, HOLDS_WITHIN, "off in the other process")
    assert time.monotonic() - started <= HOLDS_WITHIN
    assert house.sixty() == {202: 60}
    limits.change(house.admin, enabled=True)
    assert house.send(0, web=0).status_code == 429, "switching off and on is no fresh allowance"
    wait_until(lambda: house.send(1, web=1).status_code == 429, HOLDS_WITHIN, "on in the other process")


def test_each_process_shows_the_refusals_of_both(house: House) -> None:
    limits.change(house.admin, enabled=True, send_per_minute=1)
    wait_until(lambda: house.send(1, web=1).status_code == 429, HOLDS_WITHIN, "refused by the second process")
    browser = administrator.with_cookie(administrator.make(house.stack), house.urls[0])
    wait_until(lambda: house.user.email in browser.get(f"{house.urls[0]}/admin/settings/limits").text, 5, "seen at the first")


def test_a_token_that_is_ended_at_one_is_dead_at_the_other(house: House) -> None:
    for _ in range(5):
        token = {"Authorization": f"Bearer {Api(house.stack, 'leaver').register().token}"}
        me = [f"{url}/api/auth/me" for url in house.urls]
        assert [requests.get(one, headers=token, timeout=10).status_code for one in me] == [200, 200]
        assert requests.post(f"{house.urls[0]}/api/auth/logout", headers=token, timeout=10).status_code == 204
        assert requests.get(me[1], headers=token, timeout=10).status_code == 401


def test_limits_go_on_without_redis_and_with_it_again(house: House) -> None:
    assert [house.readyz(web) for web in (0, 1)] == [(200, []), (200, [])]
    limits.change(house.admin, enabled=True, send_per_minute=100)
    house.redis.kill()
    assert [house.readyz(web) for web in (0, 1)] == [(200, ["redis"])] * 2
    limits.change(house.admin, send_per_minute=3)
    wait_until(lambda: _limit_seen_by(house, 1) == 3, HOLDS_WITHIN, "the change holds in the other process")
    started = time.monotonic()
    codes = [house.send(number, web=0).status_code for number in range(6)]
    assert codes == [202] * 3 + [429] * 3, "each process counts for itself"
    assert time.monotonic() - started < 5
    house.redis.start()
    wait_until(lambda: house.readyz(0) == (200, []) == house.readyz(1), 10, "Redis is used again")
    assert [house.send(number).status_code for number in range(4)] == [202, 202, 202, 429], "together again"
    assert "limits_without_redis" in house.stack.logs("web")


def test_a_redis_that_hangs_is_waited_for_once_and_not_by_each_window(redis: Redis) -> None:
    """A send asks six times."""
    windows = RedisOrMemory(f"wabot+{redis.url}")
    assert windows.acquire_entry("user:ann/send/minute", 10, 60)
    redis.signal(signal.SIGSTOP)
    try:
        started = time.monotonic()
        assert all(windows.acquire_entry("user:ann/send/minute", 10, 60) for _ in range(6))
        assert time.monotonic() - started < 3, "one second, and not six"
    finally:
        redis.signal(signal.SIGCONT)
    wait_until(lambda: not windows.is_away(), 10, "it is used again")


def _limit_seen_by(house: House, web: int) -> int:
    token = {"Authorization": f"Bearer {house.admin.token}"}
    answer = requests.get(f"{house.urls[web]}/api/admin/settings", headers=token, timeout=10)
    return int(answer.json()["rate_limits"]["send_per_minute"])
