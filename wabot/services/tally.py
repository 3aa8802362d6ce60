"""Figures, counted in memory and added to the store once a second: a write for each message's each tick would cost more
than the ticks. A killed process loses at most its last second of figures; no message depends on them.

For each user and day, and for all together, how many messages passed each state; for all together also how many users were
active that day, and how long sending took (`services/durations.py`).
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from datetime import timedelta

from ..lib.clock import day, now
from ..lib.log import get_logger
from ..store import DATABASE_DOWN, Store
from ..store.counters import ALL, TOTAL
from . import durations

_FLUSH_SECONDS = 1.0
_KEPT_AT_MOST = 50_000
"""Different figures kept while the database is away."""
log = get_logger(__name__)


class Tally:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._closed = False
        self._timer: threading.Timer | None = None

    def count(self, user_id: str, what: str) -> None:
        """One more `what` today, for this user and for all together."""
        self._add([user_id, ALL], what)

    def took(self, what: str, duration: timedelta) -> None:
        """A message took so long for the way named `what` (`services/durations.py`)."""
        self._add([ALL], durations.counter(what, duration))

    def flush(self) -> None:
        with self._writing:
            with self._lock:
                counts, self._counts = self._counts, Counter()
                self._timer = None
            self._write_all(counts)

    def _write_all(self, counts: Counter[tuple[str, str, str]]) -> None:
        try:
            for (owner, of_day), names in _grouped(counts).items():
                self._write(owner, of_day, {what: counts[(owner, of_day, what)] for what in names})
                for what in names:
                    del counts[(owner, of_day, what)]
        except DATABASE_DOWN as error:
            log.warning("figures_kept_back", error=type(error).__name__)
            with self._lock:
                self._counts.update(counts)
                self._schedule()

    def close(self) -> None:
        """Also waits for what is being written."""
        with self._lock:
            self._closed = True
            timer, self._timer = self._timer, None
        if timer:
            timer.cancel()
        self.flush()

    def _add(self, owners: list[str], what: str) -> None:
        today = day(now())
        with self._lock:
            if len(self._counts) < _KEPT_AT_MOST:
                for owner in owners:
                    self._counts[(owner, today, what)] += 1
            self._schedule()

    def _write(self, owner: str, of_day: str, by: dict[str, int]) -> None:
        """The first figure of a user's day makes that user one more who was active."""
        new = self._store.counters.add(owner, of_day, by)
        if owner == ALL:
            self._store.counters.add(ALL, TOTAL, by)
        elif new:
            self._store.counters.add(ALL, of_day, {"active": 1})

    def _schedule(self) -> None:
        if self._timer is None and not self._closed:
            self._timer = threading.Timer(_FLUSH_SECONDS, self.flush)
            self._timer.daemon = True
            self._timer.start()


def _grouped(counts: Counter[tuple[str, str, str]]) -> dict[tuple[str, str], list[str]]:
    """One write for each owner and day."""
    grouped: dict[tuple[str, str], list[str]] = defaultdict(list)
    for owner, of_day, what in counts:
        grouped[(owner, of_day)].append(what)
    return grouped
