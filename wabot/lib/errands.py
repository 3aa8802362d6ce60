"""Slow work beside a loop that must not wait for it: one piece for each name at a time, a few at once."""

from __future__ import annotations

import threading
from collections.abc import Callable

from .daemon_pool import DaemonPool

Guarded = Callable[[Callable[[], object], str], object]
"""Runs a piece of work, by what it is called in the log, and raises nothing."""


class Errands:
    """What is cut off at the end of the process is found and begun again by the loop of the next one."""

    def __init__(self, size: int, name: str, guarded: Guarded) -> None:
        self._pool = DaemonPool(size, name)
        self._guarded = guarded
        self._lock = threading.Lock()
        self._under_way: set[str] = set()

    def run(self, name: str, work: Callable[[], object], what: str) -> None:
        """Nothing when the piece of this `name` waits or runs already."""
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
