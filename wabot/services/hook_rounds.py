"""The worker's part in webhooks: it records marked events, serves the lanes that are due, and removes what is old."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from datetime import timedelta
from functools import partial

from ..config import Settings
from ..lib.clock import now, to_rfc3339
from ..lib.daemon_pool import DaemonPool
from ..lib.log import get_logger
from ..store import DATABASE_DOWN, Store
from ..store.hook_records import Endpoint
from .claims import is_dead, owner_name
from .hearing import FOR
from .hook_lanes import HookLanes
from .hook_retention import HookRetention
from .telling import Telling
from .webhooks import UNDO

QUICK_LANES = 128
SLOW_LANES = 64
SLOW_OF_USER = 4
"""Endpoints that fail or dawdle have threads of their own, so that they take none from those that work; of one user so many at
a time. Threads that wait for a receiver cost next to nothing."""
SLOW_AFTER = 2.0
LEASE = timedelta(seconds=60)
"""Twice as long as a round at an endpoint may take."""
_CLEAR_EVERY = 60.0
_DAWDLERS_KEPT = 10_000
"""Some are of endpoints that are gone by now; one that is forgotten dawdles once more among the quick ones."""

log = get_logger(__name__)


class HookRounds:
    """`ring` calls for another round, from whatever thread."""

    def __init__(self, store: Store, telling: Telling, lanes: HookLanes, settings: Settings, ring: Callable[[], None]) -> None:
        self._store, self._telling, self._lanes, self._ring = store, telling, lanes, ring
        self._retention = HookRetention(store, timedelta(days=settings.webhook_keep_days))
        self._owner = owner_name()
        self._quick = DaemonPool(QUICK_LANES, "hook-lane")
        self._slow = DaemonPool(SLOW_LANES, "hook-slow")
        self._running: dict[str, Future[None]] = {}
        self._slow_of: dict[str, str] = {}
        """The user of each slow lane that runs."""
        self._dawdlers: set[str] = set()
        self._finished: set[str] = set()
        """Lanes at rest whose threads have not quite come to their end."""
        self._cleared = 0.0
        self._stopping = threading.Event()

    def round(self) -> bool:
        """True when there is more to do at once."""
        told = self._telling.round()
        while self._finished:
            self._running.pop(self._finished.pop(), None)
        self._running = {one: run for one, run in self._running.items() if not run.done()}
        self._slow_of = {one: user_id for one, user_id in self._slow_of.items() if one in self._running}
        for endpoint in self._store.endpoints.due(f"{to_rfc3339(now())}~"):
            if endpoint.id not in self._running and (mine := self._claimed(endpoint)):
                self._start(mine)
        if time.monotonic() - self._cleared > _CLEAR_EVERY:
            self._cleared = time.monotonic()
            self.clear()
        return told > 0

    def _start(self, endpoint: Endpoint) -> None:
        slow = endpoint.failing_since is not None or endpoint.id in self._dawdlers
        if slow and list(self._slow_of.values()).count(endpoint.user_id) >= SLOW_OF_USER:
            return  # it stays due, and is found again with the next round
        if slow:
            self._slow_of[endpoint.id] = endpoint.user_id
        self._running[endpoint.id] = (self._slow if slow else self._quick).submit(partial(self._run, endpoint))

    def wait(self) -> None:
        """Until every lane that was started has come to rest; for those who want rounds one by one."""
        for run in list(self._running.values()):
            run.result()

    def close(self) -> None:
        """What is under way may still be cut off by the end of the process, as by a kill: the next worker takes it up."""
        self._stopping.set()
        self._store.endpoints.release(self._owner, list(self._running))

    def clear(self) -> None:
        """Bounded work: the rest follows a minute later."""
        self._retention.round()
        for endpoint in self._store.endpoints.deleted(now() - UNDO):
            self._store.hook_deliveries.erase_endpoint(endpoint.id)
            if not self._store.hook_deliveries.erase_endpoint(endpoint.id):  # else the rest follows a minute later
                self._store.endpoints.remove(endpoint.id)
        for hearer in self._store.hearers.ended(now()):
            if self._store.endpoints.of_user(hearer.id):
                self._store.hearers.begin(hearer.id, hearer.since, now() + FOR)
            else:
                self._store.hearers.end(hearer)

    def _claimed(self, endpoint: Endpoint) -> Endpoint | None:
        """As held by us, or None when another worker serves it."""
        moment = now()
        mine = endpoint.owner == self._owner
        lease = endpoint.lease_until
        if lease and lease > moment and not mine and not is_dead(endpoint.owner):
            return None
        if mine and lease and lease - moment > LEASE / 2:
            return endpoint
        if not self._store.endpoints.claim(endpoint, self._owner, moment + LEASE):
            return None
        return replace(endpoint, owner=self._owner, lease_until=moment + LEASE)

    def _run(self, endpoint: Endpoint) -> None:
        if self._stopping.is_set():
            return
        started = time.monotonic()
        try:
            # With many slow ones before it, it may have waited for a thread longer than it was ours.
            if mine := self._claimed(endpoint):
                self._lanes.run(mine)
        except DATABASE_DOWN as error:
            log.warning("database_away", what="hook lane", error=type(error).__name__)
            return
        except Exception:
            log.exception("hook_lane_failed", endpoint_id=endpoint.id)
            return
        if len(self._dawdlers) > _DAWDLERS_KEPT:
            self._dawdlers.clear()
        if time.monotonic() - started > SLOW_AFTER:
            self._dawdlers.add(endpoint.id)
        else:
            self._dawdlers.discard(endpoint.id)
        self._finished.add(endpoint.id)
        self._ring()
