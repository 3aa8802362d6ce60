"""Calls that share a round: each gets its own answer, read after it asked; what goes wrong, all of a round hear."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from tests.support.waiting import wait_until
from wabot.lib import together as together_module
from wabot.lib.together import Together


class Held:
    """Doubles its arguments, when it is let; `rounds` are the arguments it got."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.let = threading.Semaphore(0)

    def __call__(self, arguments: list[int]) -> list[int]:
        self.rounds.append(arguments)
        assert self.let.acquire(timeout=10)
        if 13 in arguments:
            raise LookupError("thirteen")
        return [2 * one for one in arguments]


@pytest.fixture
def held() -> Held:
    return Held()


def _started(pool: ThreadPoolExecutor, together: Together[int, int], held: Held, *first: int) -> list[Future[int]]:
    """The first runs already; the others came meanwhile."""
    calls = [pool.submit(together, first[0])]
    wait_until(lambda: held.rounds, 5, "the first round runs")
    for number in first[1:]:
        calls.append(pool.submit(together, number))
    wait_until(lambda: together._gathering and len(together._gathering.arguments) == len(first) - 1, 5, "the others wait")
    return calls


def test_those_that_come_meanwhile_make_up_the_next_round(held: Held) -> None:
    together = Together(held)
    with ThreadPoolExecutor(8) as pool:
        calls = _started(pool, together, held, 1, 2, 3, 2)
        held.let.release(2)
        assert [call.result(10) for call in calls] == [2, 4, 6, 4]
    assert held.rounds[0] == [1]
    assert sorted(held.rounds[1]) == [2, 2, 3]


def test_what_goes_wrong_is_raised_by_all_of_the_round_and_by_nobody_else(held: Held) -> None:
    together = Together(held)
    with ThreadPoolExecutor(8) as pool:
        calls = _started(pool, together, held, 13, 4, 5)
        held.let.release(3)
        with pytest.raises(LookupError):
            calls[0].result(10)
        assert [call.result(10) for call in calls[1:]] == [8, 10]
        assert together(6) == 12


def test_rounds_that_are_full_follow_each_other(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together_module, "_AT_MOST", 2)
    together = Together(held)
    with ThreadPoolExecutor(8) as pool:
        calls = _started(pool, together, held, 1, 2, 13)
        for number, place in ((4, 1), (5, 2), (6, 1)):
            calls.append(pool.submit(together, number))
            wait_until(lambda: together._gathering and len(together._gathering.arguments) == place, 5, "it waits")  # noqa: B023
        held.let.release(4)
        with pytest.raises(LookupError):
            calls[2].result(10)
        assert [call.result(10) for call in [calls[0], *calls[3:]]] == [2, 8, 10, 12]
    assert [len(one) for one in held.rounds] == [1, 2, 2, 1]


def test_a_thousand_calls_from_many_threads(held: Held) -> None:
    together = Together(lambda numbers: [2 * one for one in numbers])
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(together, range(1000))) == [2 * one for one in range(1000)]
