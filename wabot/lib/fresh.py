"""A value that is cached for some seconds, and then read again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Fresh(Generic[T]):
    """Safe for threads: of many callers at once, one reads and the others wait for it. What `read` raises is passed on."""

    def __init__(self, seconds: float, read: Callable[[], T]) -> None:
        self._seconds = seconds
        self._read = read
        self._lock = threading.Lock()
        self._held: tuple[float, T] | None = None

    def get(self) -> T:
        with self._lock:
            if self._held is None or time.monotonic() - self._held[0] > self._seconds:
                self._held = (time.monotonic(), self._read())
            return self._held[1]

    def forget(self) -> None:
        """The next caller reads it again."""
        with self._lock:
            self._held = None
