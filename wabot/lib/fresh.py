"""A value that is read anew when it is older than some seconds; whoever asks meanwhile gets the one there is."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Fresh(Generic[T]):
    """Safe for threads: of many that ask at once one reads, the others wait for it. What reading raises is raised."""

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
        """The next to ask reads."""
        with self._lock:
            self._held = None
