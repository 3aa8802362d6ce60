"""Figures, counted in memory and added to the store once a second: a write for each message's each tick would cost more
than the ticks. A killed process loses at most its last second of figures; no message depends on them."""

from __future__ import annotations

import threading
from collections import Counter

from ..lib.clock import day, now
from ..lib.log import get_logger
from ..store import DATABASE_DOWN, Store

_FLUSH_SECONDS = 1.0
_KEPT_AT_MOST = 50_000
"""Different figures kept while the database is away."""
log = get_logger(__name__)


class Tally:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def count(self, user_id: str, what: str) -> None:
        """One more `what` today, for this user and for all together."""
        with self._lock:
            if len(self._counts) < _KEPT_AT_MOST:
                for owner in (user_id, "all"):
                    self._counts[(owner, day(now()), what)] += 1
            self._schedule()

    def flush(self) -> None:
        with self._lock:
            counts, self._counts = self._counts, Counter()
            self._timer = None
        try:
            for (owner, of_day, what), by in list(counts.items()):
                self._store.counters.add(owner, of_day, what, by)
                del counts[(owner, of_day, what)]
        except DATABASE_DOWN as error:
            log.warning("figures_kept_back", error=type(error).__name__)
            with self._lock:
                self._counts.update(counts)
                self._schedule()

    def close(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer:
            timer.cancel()
            self.flush()

    def _schedule(self) -> None:
        if self._timer is None:
            self._timer = threading.Timer(_FLUSH_SECONDS, self.flush)
            self._timer.daemon = True
            self._timer.start()
