"""Fair shares: whoever has much to send leaves room for the others, and a lane runs once at a time."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from tests.support.waiting import wait_until
from wabot.lib.clock import now
from wabot.services.lanes import LANES, PER_USER, Lanes


class House:
    """Lanes whose runs last until they are let go, started as the worker does it."""

    def __init__(self) -> None:
        self.running: Counter[str] = Counter()
        self.ran: list[str] = []
        self.go = threading.Event()
        self.again: datetime | None = None
        self._bell = threading.Event()
        self._over = threading.Event()
        self.lanes = Lanes(self._run, self._bell.set)
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def want(self, **lanes: str) -> None:
        self.lanes.want(lanes)
        self._bell.set()

    def close(self) -> None:
        self._over.set()
        self.go.set()
        self._bell.set()
        self._thread.join(5)
        self.lanes.close()

    def _loop(self) -> None:
        rested = 1.0
        while not self._over.is_set():
            self._bell.wait(min(rested, 1.0))
            self._bell.clear()
            rested = self.lanes.start()

    def _run(self, session_id: str) -> datetime | None:
        self.running[session_id] += 1
        self.ran.append(session_id)
        self.go.wait(20)
        self.running[session_id] -= 1
        return self.again


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def busy(house: House) -> int:
    return house.running.total()


def test_no_user_takes_more_than_a_share(house: House) -> None:
    house.want(**{f"noisy{number}": "noisy" for number in range(100)})
    wait_until(lambda: busy(house) == PER_USER, 5, "the noisy user's share runs")
    house.want(quiet="quiet")
    wait_until(lambda: house.running["quiet"] == 1, 1, "the quiet user's lane runs at once")
    assert busy(house) == PER_USER + 1


def test_when_all_is_full_the_next_place_is_the_quiet_users(house: House) -> None:
    house.want(**{f"{user}-{number}": user for user in "abcd" for number in range(40)})
    wait_until(lambda: busy(house) == LANES, 5, "every place is taken")
    house.want(quiet="quiet")
    house.go.set()
    wait_until(lambda: "quiet" in house.ran, 5, "the quiet user's lane runs")
    assert house.ran.index("quiet") <= LANES + 4


def test_a_lane_runs_once_at_a_time_however_often_it_is_rung(house: House) -> None:
    for _ in range(20):
        house.want(one="user")
    wait_until(lambda: house.running["one"] == 1, 5, "it runs")
    house.want(one="user")
    house.want(two="user")
    wait_until(lambda: house.running["two"] == 1, 5, "it was looked what may run")
    assert house.running["one"] == 1
    house.go.set()
    wait_until(lambda: house.ran.count("one") == 2, 5, "it runs once more, for what came meanwhile")


def test_a_lane_that_rests_comes_back_by_itself_and_in_time(house: House) -> None:
    house.go.set()
    house.again = now() + timedelta(seconds=0.5)
    started = time.monotonic()
    house.want(one="user")
    wait_until(lambda: len(house.ran) == 1, 5, "it runs")
    house.again = None
    wait_until(lambda: len(house.ran) == 2, 5, "it runs again")
    assert 0.3 < time.monotonic() - started < 1.5
