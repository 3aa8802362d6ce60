"""Who serves which session's queue: a lane is held by one worker at a time, under a lease and an epoch.

A worker keeps a lane while there is something to do, renews its lease on the way and takes over what a dead one left. The
epoch goes with every hand-over (fencing token): the gateway refuses a lower one, or one whose lease has run out, and the store
lets nobody else say what became of a message that was handed over under it.
"""

from __future__ import annotations

import math
import os
import random
import secrets
import socket
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from ..lib.clock import now
from ..lib.log import get_logger
from ..store import Store
from ..store.records import LaneRecord, Session
from .waits import Waits

LEASE = timedelta(seconds=float(os.environ.get("WABOT_TEST_LEASE", "150")))
"""Longer than a batch may take; WABOT_TEST_LEASE is for tests that stop a worker for longer than that."""
_RENEW_BELOW = LEASE * 2 / 3
_KEPT_AWAKE = timedelta(seconds=15)
"""A lane without work is given back this long after it was marked last; three times as long as a mark is taken for granted."""
_ASK_AGAIN_AFTER = timedelta(seconds=15)
_FIRST_REST = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)
_LONGEST_REST = timedelta(seconds=60)
_READ_AGAIN_SECONDS = 5.0
"""A long queue is read anew so often: one that was scheduled, or is sent again, stands before those accepted later."""

log = get_logger(__name__)


def owner_name() -> str:
    """This process's name: where its pid means something, pid, and a random part against reused pids."""
    return f"{_here()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(owner: str | None) -> bool:
    """Whether that process was here and is gone. Of one in another container nothing can be told: its lease has to run out."""
    place, _, rest = (owner or "").partition(":")
    return place == _here() and not _alive(rest.partition(":")[0])


@dataclass
class Claim:
    """A lane we hold: what is queued in it as read last, its rest after failures, and what it waited for."""

    session_id: str
    user_id: str
    owner: str
    epoch: int
    lease_until: datetime
    rest_until: datetime | None = None
    failures: int = 0
    queue: deque[str] = field(default_factory=deque)
    waits: Waits = field(default_factory=Waits)
    passed_over: dict[str, float] = field(default_factory=dict)
    """Till when (monotonic)."""
    empty_since: datetime | None = None
    read_at: float = 0.0
    """Monotonic time when `queue` was read."""
    is_quick: bool = False
    """The engine took little time for the last batch."""
    life: tuple[int, datetime | None] | None = None
    """The session's epoch, and since when it is connected, when something was handed to it last."""

    def meets(self, session: Session) -> None:
        """The session is connected. If it was away meanwhile, it may have lost what it took: WhatsApp is asked about that before
        anything that was accepted later goes."""
        life = (session.epoch, session.since)
        if self.life != life:
            self.life = life
            self.passed_over.clear()
            self.queue.clear()

    def fill(self, queue: list[str]) -> None:
        """With what stands in the queue now, oldest first."""
        standing = set(queue)
        self.passed_over = {one: until for one, until in self.passed_over.items() if one in standing}
        self.queue = deque(one for one in queue if not self.is_passed_over(one))
        self.read_at = time.monotonic()

    @property
    def is_to_be_read(self) -> bool:
        return not self.queue or time.monotonic() - self.read_at > _READ_AGAIN_SECONDS

    @property
    def resting(self) -> datetime | None:
        """Until when. A rest longer than any was begun before the clock was set back, and is over."""
        left = self.rest_until - now() if self.rest_until else timedelta()
        return self.rest_until if timedelta() < left <= _LONGEST_REST * 1.25 else None

    def pass_over(self, message_id: str) -> None:
        """The lane goes on without it: WhatsApp has it and its ack is on the way, or nobody could tell whether it has for so long
        that it may hold up the others no more. WhatsApp is asked about it after a while."""
        self.passed_over[message_id] = time.monotonic() + _ASK_AGAIN_AFTER.total_seconds()

    def is_passed_over(self, message_id: str) -> bool:
        return self.passed_over.get(message_id, -math.inf) > time.monotonic()

    def asks_again(self) -> datetime | None:
        """When the first of what was passed over is asked about."""
        if not self.passed_over:
            return None
        return now() + timedelta(seconds=max(0.0, min(self.passed_over.values()) - time.monotonic()))


class Claims:
    """This worker's lanes. `owner` is its name in the store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.owner = owner_name()
        self._held: dict[str, Claim] = {}
        self._lock = threading.Lock()

    def hold(self, session_id: str) -> Claim | None:
        """The lane with a good part of its lease to come, or None while another worker has it."""
        with self._lock:
            claim = self._held.get(session_id)
        if claim and (claim.lease_until - now() > _RENEW_BELOW or self._renew(claim)):
            return claim
        self.drop(session_id)
        seen = self.store.lanes.get(session_id)
        if seen is None or not (seen.owner in (None, self.owner) or _dead(seen)):
            return None  # one of our own that we don't know of was taken in a call whose answer was lost
        return self._take(seen)

    def forget_queue(self, session_id: str) -> None:
        """Something went wrong in the middle of a batch: what comes first is to be read again."""
        with self._lock:
            claim = self._held.get(session_id)
        if claim:
            claim.queue.clear()

    def drop(self, session_id: str) -> None:
        """The lane is somebody else's by now, or nobody's."""
        with self._lock:
            self._held.pop(session_id, None)

    def rest(self, claim: Claim, why: str) -> datetime:
        """After a failure: a second, then twice as long each time, up to a minute, give or take a quarter. Until when."""
        claim.failures += 1
        length: timedelta = min(_FIRST_REST * (1 << min(claim.failures - 1, 10)), _LONGEST_REST)
        claim.rest_until = until = now() + timedelta(milliseconds=round(length / _MILLISECOND * random.uniform(0.75, 1.25)))
        claim.queue.clear()
        if not self.store.lanes.rest(claim.session_id, self.owner, claim.epoch, until, why, claim.failures):
            self.drop(claim.session_id)
        return until

    def went_well(self, claim: Claim) -> None:
        if claim.failures:
            claim.failures, claim.rest_until = 0, None
            self.store.lanes.rest(claim.session_id, self.owner, claim.epoch, None, "", 0)

    def nothing_to_do(self, claim: Claim, looked_at: datetime) -> None:
        """Its queue was empty then. Kept for some seconds, since messages seldom come alone; then given back."""
        claim.empty_since = claim.empty_since or looked_at
        unmarked_since = looked_at - _KEPT_AWAKE
        if claim.empty_since > unmarked_since:
            return
        if self.store.lanes.sleep(claim.session_id, self.owner, claim.epoch, unmarked_since):
            self.drop(claim.session_id)

    def release_all(self) -> None:
        """At the end of the process, so that another worker needn't find out that it is gone."""
        for claim in list(self._held.values()):
            self.store.lanes.release(claim.session_id, self.owner, claim.epoch)
        self._held.clear()

    def _renew(self, claim: Claim) -> bool:
        until = now() + LEASE
        if not self.store.lanes.renew(claim.session_id, self.owner, claim.epoch, until):
            log.warning("lane_lost", session_id=claim.session_id, epoch=claim.epoch)
            return False
        claim.lease_until = until
        return True

    def _take(self, seen: LaneRecord) -> Claim | None:
        until = now() + LEASE
        if not self.store.lanes.take(seen, self.owner, until):
            return None
        if seen.owner:
            log.info("lane_taken_over", session_id=seen.id, from_owner=seen.owner, epoch=seen.epoch + 1)
        claim = Claim(
            seen.id, seen.user_id, self.owner, seen.epoch + 1, until, rest_until=seen.rest_until, failures=seen.failures
        )
        with self._lock:
            self._held[seen.id] = claim
        return claim


def _dead(lane: LaneRecord) -> bool:
    """Its lease has run out, or its worker was on this machine and is gone."""
    if lane.lease_until is None or lane.lease_until < now():
        return True
    return is_dead(lane.owner)


def _here() -> str:
    """The host and the namespace of pids, since containers may share a hostname: pid_namespaces(7)."""
    return f"{socket.gethostname()}/{Path('/proc/self/ns/pid').stat().st_ino}"


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
