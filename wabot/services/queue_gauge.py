"""How many messages each user has waiting, cheaply: counting costs 20 µs a document, and accepting must not."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict

from ..errors import RateLimited
from ..store import Store

QUEUE_LENGTH = 10_000
"""Messages a user may have waiting, all sessions together."""
_FRESH_SECONDS = 5.0
_FRESH_SECONDS_FULL = 10.0
_COUNTED_A_SECOND = 100
"""A count stays good for a second for each so many messages, since counting a long queue takes long."""
_USERS_KEPT = 10_000
_RETRY_AFTER = 30


class QueueGauge:
    """An upper estimate: counted every five seconds, a long queue more seldom, raised with each message accepted in between."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._counts: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def take_place(self, user_id: str) -> None:
        """Raises RateLimited `queue_full`."""
        with self._lock:
            count, counted_at = self._counts.get(user_id, (0, float("-inf")))
        if time.monotonic() - counted_at > _fresh_for(count):
            self._keep(user_id, self._store.outbox.waiting_of(user_id, QUEUE_LENGTH), time.monotonic())
        with self._lock:
            count, counted_at = self._counts.get(user_id, (0, 0.0))
            if count < QUEUE_LENGTH:
                self._counts[user_id] = (count + 1, counted_at)
                return
        raise RateLimited("Too many of your messages are waiting to be sent.", code="queue_full", retry_after=_RETRY_AFTER)

    def _keep(self, user_id: str, count: int, counted_at: float) -> None:
        with self._lock:
            self._counts[user_id] = (count, counted_at)
            self._counts.move_to_end(user_id)
            while len(self._counts) > _USERS_KEPT:
                self._counts.popitem(last=False)


def _fresh_for(count: int) -> float:
    return _FRESH_SECONDS_FULL if count >= QUEUE_LENGTH else max(_FRESH_SECONDS, count / _COUNTED_A_SECOND)
