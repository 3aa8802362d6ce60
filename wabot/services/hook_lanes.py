"""The lane of an endpoint: its deliveries, in turn. One worker serves a lane at a time, which alone keeps the order.

Events of the same message or session go one after the other: a later one waits until the earlier one is delivered or given up.
Events of different ones go in parallel while the endpoint works. While it fails, they are tried one at a time; after the first
success, everything that waits for a later attempt is due at once.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from ..lib.clock import now, to_rfc3339
from ..lib.daemon_pool import DaemonPool
from ..store import Store
from ..store.hook_records import Endpoint, ToldEvent, WaitingDelivery
from .hook_attempts import Attempts, Outcome
from .hook_care import HookCare
from .telling import WAITING_AT_MOST, chose, delivery_of, due_now, makes_up, wants

CHAINS_AT_ONCE = 100
PARALLEL = 8
BUDGET = 10.0
"""Seconds after which a run starts no further attempt: other endpoints want their turn."""
_LOOK_EVERY = 0.1
"""Seconds after which an endpoint is read again before the next attempt: its owner may have changed it."""
HELD_AT_MOST = 3000
"""Deliveries that wait for an attempt, those included that take no room. Each run reads them all, in some 0.15 s."""
_READ_AT_MOST = 2 * HELD_AT_MOST
"""More than there are: what is ordered by hand needs no room."""
_AWAY_AFTER = timedelta(minutes=1)
"""What waits longer for its turn takes no room: a receiver that refuses one kind of event is to get the others."""
_REPLAYED_AT_ONCE = 200
_AHEAD = timedelta(minutes=5)
_MAIL_AGAIN = timedelta(minutes=1)

Chain = list[WaitingDelivery]


@dataclass(frozen=True)
class HookLanes:
    store: Store
    attempts: Attempts
    care: HookCare

    def run(self, endpoint: Endpoint) -> None:
        """`endpoint` as just read and claimed. One round; its `due` says afterwards when there is more to do."""
        endpoint = self.care.settled(endpoint)
        if endpoint.deleted or (endpoint.hold_until and endpoint.hold_until > now()):
            self._rest(endpoint, endpoint.hold_until if not endpoint.deleted else None)
            return
        waiting = self._filled(endpoint)
        chains = due_chains(waiting, to_rfc3339(now()))[:CHAINS_AT_ONCE]
        if chains:
            turn = self._serve(endpoint, chains)
            endpoint = self.care.note(replace(turn.tried, due=endpoint.due), turn.outcomes)
            waiting = self._waiting(endpoint)
        self._rest(endpoint, self._next(endpoint, waiting))

    def _waiting(self, endpoint: Endpoint) -> list[WaitingDelivery]:
        """What its lane has before it; while it is switched off only what was ordered by hand."""
        found = self.store.hook_deliveries.waiting(endpoint.id, _READ_AT_MOST)
        return found if endpoint.enabled else [one for one in found if one.forced]

    def _filled(self, endpoint: Endpoint) -> list[WaitingDelivery]:
        """The same, after it was filled up from what is parked and what is to be sent again."""
        found = self._waiting(endpoint)
        room = room_beside(found)
        return self._waiting(endpoint) if room and self._fill(endpoint, room) else found

    def _fill(self, endpoint: Endpoint, room: int) -> bool:
        filled = self._replay(endpoint)
        if makes_up(endpoint):
            return filled  # what is parked happened later
        if endpoint.enabled and endpoint.crowded and endpoint.parked_from:
            until, due = now() + _AHEAD, to_rfc3339(now())
            brought = self.store.hook_deliveries.unpark(endpoint.id, endpoint.parked_from, until, room, due)
            if brought < room:
                self.store.endpoints.uncrowd(endpoint.id, endpoint.due)
            filled = filled or brought > 0
        return filled

    def _replay(self, endpoint: Endpoint) -> bool:
        """Some of what is to be sent again, also what was never sent because the endpoint was off; or of that alone."""
        if endpoint.replay is None:
            return False
        since, until, after = (endpoint.replay[name] for name in ("since", "until", "after"))
        missed = endpoint.replay.get("missed")  # an earlier version wrote none
        events = self.store.event_log.between(endpoint.user_id, since, until, _REPLAYED_AT_ONCE, after)
        asked = wants if missed else chose
        mine = [delivery_of(endpoint, one, forced=not missed) for one in events if one.only is None and asked(endpoint, one)]
        new = self.store.hook_deliveries.add_many(mine)
        if not missed:
            self.store.hook_deliveries.order([one.id for one in mine if one.id not in new], to_rfc3339(now()))
        following = {**endpoint.replay, "after": events[-1].id} if len(events) == _REPLAYED_AT_ONCE else None
        self.store.endpoints.replayed(endpoint.id, endpoint.replay["id"], following)
        return bool(mine)

    def _serve(self, endpoint: Endpoint, chains: list[Chain]) -> _Turn:
        events = self.store.event_log.get_many([one.event_id for chain in chains for one in chain])
        turn = _Turn(self.store, self.attempts, endpoint, events)
        if endpoint.failing_since or len(chains) == 1:
            for chain in chains:
                turn.serve(chain)
            return turn
        pool = DaemonPool(min(PARALLEL, len(chains)), "hook")
        served = [pool.submit(partial(turn.serve, chain)) for chain in chains]
        pool.close()
        for one in served:
            one.result()
        return turn

    def _next(self, endpoint: Endpoint, waiting: list[WaitingDelivery]) -> datetime | None:
        """When the lane has work again: at the earliest turn, and at once while there is more than it has before it."""
        heads = [chain[0].due for chain in chains_of(waiting)]
        more = ((endpoint.enabled and endpoint.crowded) or endpoint.replay) and room_beside(waiting)
        times = [datetime.fromisoformat(one) for one in heads] + ([now()] if more else [])
        times += [now() + _MAIL_AGAIN] if endpoint.mail_owed else []
        if not times:
            return None
        return max(min(times), endpoint.hold_until) if endpoint.hold_until else min(times)

    def _rest(self, endpoint: Endpoint, until: datetime | None) -> None:
        self.store.endpoints.rest(endpoint.id, endpoint.due, due_now(until) if until else "")


class _Turn:
    """One round at an endpoint. No attempt is begun after the budget is spent, or once nobody answers there."""

    def __init__(self, store: Store, attempts: Attempts, endpoint: Endpoint, events: dict[str, ToldEvent]) -> None:
        self._store, self._attempts, self._endpoint, self._events = store, attempts, endpoint, events
        self.tried = endpoint
        """As it was at the last attempt: what came of it says nothing of an address it was given since."""
        self._read = -_LOOK_EVERY
        self._lock = threading.Lock()
        self._enough = threading.Event()
        self._until = time.monotonic() + BUDGET
        self.outcomes: list[Outcome] = []

    def current(self) -> Endpoint:
        """The endpoint as its owner has it now."""
        with self._lock:
            if time.monotonic() - self._read >= _LOOK_EVERY:
                self._read = time.monotonic()
                found = self._store.endpoints.get(self._endpoint.id)
                self._endpoint = found or replace(self._endpoint, deleted=True)
            return self._endpoint

    def serve(self, chain: Chain) -> None:
        """In order; ends at the first that isn't delivered."""
        for delivery in chain:
            endpoint = self.current()
            if self._enough.is_set() or time.monotonic() > self._until or not _may_go(endpoint, delivery):
                return
            self.tried = endpoint
            outcome = self._attempts.make(endpoint, delivery, self._events.get(delivery.event_id))
            self.outcomes.append(outcome)
            if outcome.unreachable or outcome.gone or (outcome.delivered and endpoint.failing_since):
                self._enough.set()
            if not outcome.delivered:
                return


def _may_go(endpoint: Endpoint, delivery: WaitingDelivery) -> bool:
    return not endpoint.deleted and (endpoint.enabled or delivery.forced)


def chains_of(waiting: list[WaitingDelivery]) -> list[Chain]:
    """What waits, by message or session, each in its order."""
    by_key: dict[str, Chain] = defaultdict(list)
    for one in sorted(waiting, key=lambda one: (one.place, one.id)):
        by_key[one.key].append(one)
    return list(by_key.values())


def room_beside(waiting: list[WaitingDelivery]) -> int:
    """How many more may join what waits."""
    soon, half = to_rfc3339(now() + _AWAY_AFTER), WAITING_AT_MOST // 2
    near = sum(len(chain) for chain in chains_of(waiting) if chain[0].due <= soon)
    return max(0, min(half, HELD_AT_MOST - len(waiting))) if near < half else 0


def due_chains(waiting: list[WaitingDelivery], moment: str) -> list[Chain]:
    """Those whose first is due, the longest due first."""
    due = [chain for chain in chains_of(waiting) if chain[0].due <= moment]
    return sorted(due, key=lambda chain: (chain[0].due, chain[0].id))
