"""A short cache for what every request looks up: who is calling, and which session they send through.

If a single process serves all requests, it may keep what it has read for a quarter of a second, because it hears of every write it
makes itself (`Writes`): a login that ends here is dead at once. What others write (workers, commands) is seen a quarter of a second
later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

K = TypeVar("K")
V = TypeVar("V")

KEPT_SECONDS = 0.25
_KEPT_AT_MOST = 10_000
_COMMANDS = frozenset({"insert", "update", "delete", "findAndModify"})


class Writes(CommandListener):
    """Hears every write of one connection, and forgets what was read of that collection before the write was over, whatever came
    of it. Given to the connection as one of its `event_listeners`."""

    def __init__(self) -> None:
        self._forget: dict[str, list[Callable[[], None]]] = {}
        self._open: dict[int, str] = {}
        """request → collection"""

    def forget_by(self, collection: str, forget: Callable[[], None]) -> None:
        self._forget.setdefault(collection, []).append(forget)

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _COMMANDS and (collection := event.command[event.command_name]) in self._forget:
            self._open[event.request_id] = collection

    def succeeded(self, event: CommandSucceededEvent) -> None:
        self._over(event.request_id)

    def failed(self, event: CommandFailedEvent) -> None:
        self._over(event.request_id)

    def _over(self, request_id: int) -> None:
        collection = self._open.pop(request_id, None)
        for forget in self._forget.get(collection or "", ()):
            forget()


class Recent(Generic[K, V]):
    """Safe for threads. Without `writes`, and for what isn't there, every look reads."""

    def __init__(self, read: Callable[[K], V | None], writes: Writes | None, *collections: str) -> None:
        self._read = read
        self._keeps = writes is not None
        self._known: dict[K, tuple[float, V]] = {}
        self._renewing: set[K] = set()
        self._writes_heard = 0
        self._lock = threading.Lock()
        if writes:
            for one in collections:
                writes.forget_by(one, self._forget)

    def get(self, key: K) -> V | None:
        """As it is, or was a quarter of a second ago at most. Before that is over one of many callers reads it anew, so that not
        all of them wait for it at once."""
        known = self._known.get(key)
        age = time.monotonic() - known[0] if known else KEPT_SECONDS
        if known and (age < KEPT_SECONDS / 2 or (age < KEPT_SECONDS and not self._renews(key))):
            return known[1]
        try:
            return self.read(key)
        finally:
            self._renewing.discard(key)

    def _renews(self, key: K) -> bool:
        """Whether it falls to this caller."""
        with self._lock:
            is_first = key not in self._renewing
            self._renewing.add(key)
        return is_first

    def read(self, key: K) -> V | None:
        """As it is. What `get` gives afterwards is at least as new."""
        heard, asked = self._writes_heard, time.monotonic()
        value = self._read(key)
        if value is None:
            self._known.pop(key, None)
        elif self._keeps:
            self._keep(key, (asked, value), heard)
        return value

    def _keep(self, key: K, known: tuple[float, V], heard: int) -> None:
        with self._lock:
            if heard != self._writes_heard:
                return  # written meanwhile: it may be what was there before
            if (newer := self._known.get(key)) and newer[0] > known[0]:
                return
            if len(self._known) >= _KEPT_AT_MOST:
                self._known.clear()
            self._known[key] = known

    def _forget(self) -> None:
        with self._lock:
            self._writes_heard += 1
            self._known.clear()
