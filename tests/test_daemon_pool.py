"""The pool of threads for calls that may take long: as long as there may be more of them, no work waits behind other work."""

from __future__ import annotations

import threading
import time

from tests.support.waiting import wait_until
from wabot.lib.daemon_pool import DaemonPool

SECONDS = 4


def test_no_work_waits_behind_work_that_takes_long() -> None:
    """Each two can only both end if they run side by side."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        pool = DaemonPool(8, "side-by-side")
        for _ in range(100):
            meeting = threading.Barrier(3)
            both = [pool.submit(lambda: meeting.wait(10)) for _ in range(3)]  # noqa: B023  # they end within the round
            assert sorted(one.result() for one in both) == [0, 1, 2]
        pool.close()


def test_there_are_no_more_threads_than_allowed_and_they_end() -> None:
    pool, hold = DaemonPool(2, "two-at-once"), threading.Event()
    begun = [pool.submit(lambda: hold.wait(10)) for _ in range(5)]
    assert len([one for one in threading.enumerate() if one.name.startswith("two-at-once")]) == 2
    hold.set()
    assert all(one.result() for one in begun)
    pool.close()
    wait_until(lambda: not any(one.name.startswith("two-at-once") for one in threading.enumerate()), 10, "all have ended")
