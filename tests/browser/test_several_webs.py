"""Pages of two web processes, and what they show while the Redis between them is away, hangs, and is back."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
import requests
from playwright.sync_api import expect

from tests.support import limits
from tests.support.api import Api
from tests.support.redis import Redis
from tests.support.second_web import second_web
from tests.support.stack import Stack
from tests.support.tab import Tab, cookie_of
from tests.support.waiting import wait_until

from .conftest import OpenPage
from .person import Person

PHONE = "+12025550100"
NOTICED_WITHIN = 10.0
"""Seconds; about two on a machine that has nothing else to do."""


@dataclass
class House:
    stack: Stack
    second: str
    redis: Redis
    user: Api


@pytest.fixture(scope="module")
def house(stacks: Callable[..., Stack]) -> Iterator[House]:
    redis = Redis()
    redis.start()
    try:
        stack = stacks(REDIS_URL=redis.url)
        stack.start()
        limits.lift(stack)
        with second_web(stack) as second:
            user = Api(stack, "sender").register()
            user.link("+15550700002", engine="baileys")
            yield House(stack, second, redis, user)
    finally:
        redis.remove()


def test_a_page_says_that_it_misses_what_happens_elsewhere_and_then_shows_it(house: House, open_page: OpenPage) -> None:
    with open_page(base_url=house.second) as page:
        Person(page, house.user).log_in()
        page.goto("/messages")
        house.user.send(PHONE, "told at once")
        expect(page.get_by_text("told at once").first).to_be_visible()
        notice = page.locator("#live-state")
        expect(notice).to_be_hidden()
        house.redis.kill()
        expect(notice).to_be_visible(timeout=NOTICED_WITHIN * 1000)
        message = house.user.send(PHONE, "missed")
        house.user.wait_for_message(message["id"], "delivered", "read")
        page.reload()
        expect(notice).to_be_visible()
        later = house.user.send(PHONE, "missed, too")
        house.user.wait_for_message(later["id"], "delivered", "read")
        house.redis.start()
        expect(page.get_by_text("missed, too").first).to_be_visible()
        expect(notice).to_be_hidden()


def test_a_redis_that_hangs_holds_nothing_up(house: House) -> None:
    with Tab(house.user, cookie_of(house.user), house.second) as tab:
        house.redis.signal(signal.SIGSTOP)
        try:
            assert [requests.get(f"{url}/readyz", timeout=60).status_code for url in (house.stack.url, house.second)] == [
                200,
                200,
            ]
            house.user.send(PHONE, "finds out")
            started = time.monotonic()
            message = house.user.send(PHONE, "while it hangs")
            assert time.monotonic() - started < 4, "a second, when it is one that asks again"
            house.user.wait_for_message(message["id"], "delivered", "read", timeout=10)
            wait_until(lambda: tab.events("relay")[-1:] == [{"away": True}], NOTICED_WITHIN, "the page is told")
        finally:
            house.redis.signal(signal.SIGCONT)
        wait_until(lambda: tab.events("relay")[-1:] == [{"away": False}], NOTICED_WITHIN, "the page is told")
        last = house.user.send(PHONE, "heard again")["id"]
        wait_until(lambda: last in [one["id"] for one in tab.events("message")], NOTICED_WITHIN, "it is told of the message")
