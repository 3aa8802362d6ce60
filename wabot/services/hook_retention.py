"""Events and deliveries are kept for `WEBHOOK_KEEP_DAYS`. Those of a few users and endpoints are looked at a time, round and round:
for what is older than a moment, whosever it is, the embedded database would read all there is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from ..lib.clock import now
from ..store import Store
from ..store.personal import IN_ONE_GO

_AT_ONCE = 50
"""Users, and endpoints, in one round."""


class HookRetention:
    def __init__(self, store: Store, keep: timedelta) -> None:
        self._keep = keep
        self._turns = [
            _Turn(store.users.ids_after, store.event_log.remove_before),
            _Turn(store.endpoints.ids_after, store.hook_deliveries.remove_before),
        ]

    def round(self) -> None:
        oldest = now() - self._keep
        for turn in self._turns:
            turn.go_on(oldest)


class _Turn:
    """Goes through owners by their ids, in pieces. One that has more than a piece's work is the first of the next."""

    def __init__(self, ids_after: Callable[[str, int], list[str]], remove_before: Callable[[str, datetime], int]) -> None:
        self._ids_after, self._remove_before = ids_after, remove_before
        self._done = ""

    def go_on(self, oldest: datetime) -> None:
        owners = self._ids_after(self._done, _AT_ONCE)
        for owner in owners:
            if self._remove_before(owner, oldest) >= IN_ONE_GO:
                return
            self._done = owner
        if len(owners) < _AT_ONCE:
            self._done = ""
