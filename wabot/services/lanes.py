"""Which lanes run when: one run a session at a time, and a fair share of the threads for every user.

A run ends after a slice of time, so whoever waits is served within the slices of those before: the user with the fewest running
lanes first, then whoever has waited longest. No user has more than `PER_USER` running, however many sessions are full.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from ..lib.clock import now

LANES = 32
PER_USER = 8

Run = Callable[[str], datetime | None]
"""Serves a session's lane for a slice; when to look again."""


class Lanes:
    def __init__(self, run: Run, ring: Callable[[], None]) -> None:
        """`ring` is called when a lane has ended, so that the next may start (`start`)."""
        self._run = run
        self._ring = ring
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="lane")
        self._lock = threading.Lock()
        self._waiting: dict[str, str] = {}
        """session → user, in the order they came"""
        self._running: dict[str, str] = {}
        self._again: dict[str, tuple[float, str]] = {}
        """session → (monotonic time, user)"""

    def want(self, lanes: Mapping[str, str]) -> None:
        """These sessions (of these users) may have something to do."""
        with self._lock:
            for session_id, user_id in lanes.items():
                self._waiting.setdefault(session_id, user_id)

    def start(self) -> float:
        """Start what may start; seconds until something that rests is due, at most a minute."""
        with self._lock:
            self._wake_rested()
            while session_id := self._next():
                user_id = self._running[session_id] = self._waiting.pop(session_id)
                self._again.pop(session_id, None)
                self._pool.submit(self._serve, session_id, user_id)
            return max(0.0, min((at for at, _ in self._again.values()), default=float("inf")) - time.monotonic())

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _wake_rested(self) -> None:
        due = [one for one, (at, _) in self._again.items() if at <= time.monotonic()]
        for session_id in due:
            self._waiting.setdefault(session_id, self._again.pop(session_id)[1])

    def _next(self) -> str | None:
        """The one to start now: of the users below their share the one with the least running, and its longest waiting lane."""
        if len(self._running) >= LANES:
            return None
        busy = Counter(self._running.values())
        free = [one for one, user_id in self._waiting.items() if one not in self._running and busy[user_id] < PER_USER]
        return min(free, key=lambda one: busy[self._waiting[one]], default=None)

    def _serve(self, session_id: str, user_id: str) -> None:
        again: datetime | None = None
        try:
            again = self._run(session_id)
        finally:
            with self._lock:
                del self._running[session_id]
                if again is not None:
                    self._again[session_id] = (time.monotonic() + (again - now()).total_seconds(), user_id)
            self._ring()
