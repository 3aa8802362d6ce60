"""Who holds which outbox entry: leases, and taking over what a dead worker left claimed."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field
from datetime import timedelta

from ..lib.clock import now
from ..lib.log import get_logger
from ..store import Store
from ..store.records import OutboxEntry

LEASE = timedelta(seconds=150)
"""Longer than a batch may take with all its look-ups; then a claim is somebody else's."""

log = get_logger(__name__)


def owner_name() -> str:
    """This process's name: host, pid, and a random part against reused pids."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_dead(owner: str | None) -> bool:
    """Whether that process was on this machine and is gone."""
    host, _, rest = (owner or "").partition(":")
    return host == socket.gethostname() and not _alive(rest.partition(":")[0])


@dataclass(frozen=True)
class Claims:
    """`owner` is this process's name in the outbox."""

    store: Store
    owner: str = field(default_factory=owner_name)

    def take(self, entries: list[OutboxEntry]) -> list[str]:
        """Ids of the entries that are ours now, in order."""
        return self.store.outbox.claim([one.id for one in entries], self.owner, now() + LEASE)

    def put_back(self, entry_ids: list[str], *, wait: timedelta) -> None:
        self.store.outbox.requeue(entry_ids, self.owner, now() + wait)

    def done(self, entry_ids: list[str]) -> None:
        self.store.outbox.remove(entry_ids)

    def recover(self) -> int:
        """Put back what dead workers had claimed; how many."""
        stale = [one for one in self.store.outbox.claimed() if one.owner != self.owner and _dead(one)]
        return sum(self._take_over(entry) for entry in stale)

    def _take_over(self, entry: OutboxEntry) -> bool:
        taken = self.store.outbox.take_over(entry.id, entry.owner, self.owner, now() + LEASE)
        if taken:
            log.info("claim_taken_over", message_id=entry.id, from_owner=entry.owner)
            self.store.outbox.requeue([entry.id], self.owner)
        return taken


def _dead(entry: OutboxEntry) -> bool:
    """Its lease has run out, or its worker was on this machine and is gone."""
    if entry.lease_until is None or entry.lease_until < now():
        return True
    return is_dead(entry.owner)


def _alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True
