"""Counting calls over a moving window, for Flask-Limiter: what the `limits` library lacks for numbers that change.

Its moving window admits exactly N calls in any span, and what it refuses is not counted. Three things are ours:

* The key of a window names who and what, not how many (`HeldWindow`). The library puts the amount into the key, so that a
  changed number would start a fresh window: a limited user could be let off by lowering their limit.
* `Memory` is exact under threads (the library's drops a key's lock while others wait for it), bounded, and starts no timers.
* `RedisOrMemory` goes on counting in this process while Redis is away.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TypeVar, cast

from limits import RateLimitItem, WindowStats
from limits.storage import RedisStorage, Storage
from limits.storage.base import MovingWindowSupport
from limits.strategies import STRATEGIES, MovingWindowRateLimiter
from redis import Redis
from redis.exceptions import RedisError

from . import redis_calls
from .log import get_logger

T = TypeVar("T")

STRATEGY = "held-window"
KEYS_KEPT = 20_000
"""Windows in memory; the longest unused is forgotten first."""

log = get_logger(__name__)


def key_of(item: RateLimitItem, *identifiers: str) -> str:
    """`user:…/send/minute`: whose window, of what, how long. Not how many."""
    return "/".join((*identifiers, item.GRANULARITY.name))


class HeldWindow(MovingWindowRateLimiter):
    """A moving window that goes on when its number changes."""

    def hit(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        return self._windows.acquire_entry(key_of(item, *identifiers), item.amount, item.get_expiry(), amount=cost)

    def test(self, item: RateLimitItem, *identifiers: str, cost: int = 1) -> bool:
        return self.get_window_stats(item, *identifiers).remaining >= cost

    def get_window_stats(self, item: RateLimitItem, *identifiers: str) -> WindowStats:
        """When the next place is free (seconds since 1970), and how many are free now."""
        started, used = self._windows.get_moving_window(key_of(item, *identifiers), item.amount, item.get_expiry())
        return WindowStats(started + item.get_expiry(), max(0, item.amount - used))

    def give_back(self, item: RateLimitItem, *identifiers: str) -> None:
        """One call that was counted did nothing after all."""
        self._windows.give_back(key_of(item, *identifiers))

    @property
    def _windows(self) -> Windows:
        return cast(Windows, self.storage)


STRATEGIES[STRATEGY] = HeldWindow


class Windows(MovingWindowSupport):
    def give_back(self, key: str) -> None:
        """Take the newest entry out again."""
        raise NotImplementedError


class Memory(Storage, Windows):
    """Windows as the times of their entries, oldest first, with the seconds each counts. One lock: a turn takes microseconds."""

    STORAGE_SCHEME = ["wabot+memory"]  # noqa: RUF012  # as the library declares it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: float | str | bool) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._windows: OrderedDict[str, tuple[deque[float], int]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        return ValueError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.time()
        with self._lock:
            times = self._valid(key, now - expiry)
            if len(times) + amount > limit:
                return False
            times.extend([now] * amount)
            self._windows[key] = (times, expiry)
            self._windows.move_to_end(key)
            self._forget(now)
            return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """The time of the entry whose end makes room, and how many of `limit` are taken."""
        now = time.time()
        with self._lock:
            times = self._valid(key, now - expiry)
            used = min(len(times), limit)
            return (times[-used], used) if used else (now, 0)

    def give_back(self, key: str) -> None:
        with self._lock:
            times, _ = self._windows.get(key, (None, 0))
            if times:
                times.pop()

    def _valid(self, key: str, oldest: float) -> deque[float]:
        times = self._windows[key][0] if key in self._windows else deque()
        while times and times[0] < oldest:
            times.popleft()
        return times

    def _forget(self, now: float) -> None:
        """Windows that ran out, two at a time, and the longest unused when there are too many."""
        for _ in range(2):
            times, expiry = next(iter(self._windows.values()))
            if len(self._windows) > KEYS_KEPT or not times or times[-1] < now - expiry:
                self._windows.popitem(last=False)
            if not self._windows:
                return

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        raise NotImplementedError("only moving windows are counted here")

    def get(self, key: str) -> int:
        return len(self._windows[key][0]) if key in self._windows else 0

    def get_expiry(self, key: str) -> float:
        raise NotImplementedError("only moving windows are counted here")

    def clear(self, key: str) -> None:
        with self._lock:
            self._windows.pop(key, None)

    def check(self) -> bool:
        return True

    def reset(self) -> int | None:
        with self._lock:
            count = len(self._windows)
            self._windows.clear()
            return count


class RedisOrMemory(RedisStorage, Windows):
    """Redis, and while it is away this process's own memory: limits go on, each web process counting for itself."""

    STORAGE_SCHEME = ["wabot+redis", "wabot+rediss", "wabot+unix"]  # noqa: RUF012  # as the library declares it

    def __init__(self, uri: str, **options: float | str | bool) -> None:
        self._own = Memory()
        self._away = False
        self._ask_again_at = 0.0
        super().__init__(uri.removeprefix("wabot+"), key_prefix="wabot:limits", **(options | redis_calls.deadlines()))

    def is_away(self) -> bool:
        """Whether Redis doesn't answer: it is asked now, or while it is away once a second."""
        self._ask(lambda: self.get_connection().ping(), lambda: False)
        return self._away

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        return self._ask(
            lambda: super(RedisOrMemory, self).acquire_entry(key, limit, expiry, amount),
            lambda: self._own.acquire_entry(key, limit, expiry, amount),
        )

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        return self._ask(
            lambda: super(RedisOrMemory, self).get_moving_window(key, limit, expiry),
            lambda: self._own.get_moving_window(key, limit, expiry),
        )

    def give_back(self, key: str) -> None:
        self._ask(lambda: self._take_out(self.prefixed_key(key)), lambda: self._own.give_back(key))

    def _take_out(self, key: str) -> None:
        cast(Redis, self.get_connection()).lpop(key)

    def _ask(self, redis: Callable[[], T], memory: Callable[[], T]) -> T:
        if self._away and time.monotonic() < self._ask_again_at:
            return memory()
        self._ask_again_at = math.inf  # one caller asks while it is away, the others don't wait
        try:
            answer = redis()
        except RedisError as error:
            self._note(away=True, error=type(error).__name__)
            return memory()
        finally:
            self._ask_again_at = time.monotonic() + redis_calls.AGAIN_AFTER
        self._note(away=False)
        return answer

    def _note(self, *, away: bool, **more: str) -> None:
        if away != self._away:
            self._away = away
            log.warning("limits_without_redis" if away else "limits_with_redis_again", **more)
