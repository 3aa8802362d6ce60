"""Slow work beside a loop that must not wait for it: a few pieces at the same time, but only one of each name."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .daemon_pool import DaemonPool

Guarded = Callable[[Callable[[], object], str], object]
"""Runs a piece of work, by what it is called in the log, and raises nothing."""


class Errands:
    """Work that is cut off when the process ends is found and started again by the loop of the next process."""

    def __init__(self, size: int, name: str, guarded: Guarded) -> None:
        self._pool = DaemonPool(size, name)
        self._guarded = guarded
        self._lock = threading.Lock()
        self._under_way: set[str] = set()

    def run(self, name: str, work: Callable[[], object], what: str) -> None:
        """Does nothing if work of this `name` is waiting or running already."""
        with self._lock:
            if name in self._under_way:
                return
            self._under_way.add(name)
        self._pool.submit(lambda: self._one(name, work, what))

    def _one(self, name: str, work: Callable[[], object], what: str) -> None:
        try:
            self._guarded(work, what)
        finally:
            with self._lock:
                self._under_way.discard(name)
