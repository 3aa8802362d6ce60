"""Pushes from other processes: a bounded queue in memory, posted to web's `/internal/push` by a thread of its own.

A push is a courtesy: when web is away or the queue is full it is dropped, and the page reads the store when it reconnects.
"""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from .lib.log import get_logger
from .lib.loopback import LoopbackClient, Problem, Unreachable
from .services.publishing import Push

_QUEUE_LENGTH = 5000
_BATCH = 100
_PORTION_BYTES = 1024 * 1024
"""What joins the pushes comes to less than the 64 KiB that web takes beyond this."""
_TIMEOUT = 3.0

log = get_logger(__name__)


class RemotePublisher:
    def __init__(self, internal_url: str, secret: str) -> None:
        self._client = LoopbackClient(internal_url, secret)
        self._queue: queue.Queue[Push | None] = queue.Queue(_QUEUE_LENGTH)
        self._thread = threading.Thread(target=self._run, name="pushes", daemon=True)
        self._thread.start()

    def watches(self, _user_id: str, /) -> bool:
        """Only web knows."""
        return True

    def publish(self, pushes: Sequence[Push]) -> None:
        for push in pushes:
            try:
                self._queue.put_nowait(push)
            except queue.Full:
                log.warning("push_dropped", push=push.event)

    def close(self) -> None:
        """Send what is left, two seconds at most."""
        self._queue.put(None)
        self._thread.join(2.0)

    def _run(self) -> None:
        while True:
            batch = self._next_batch()
            if not batch:
                return
            for portion in _portions([push.as_dict() for push in batch]):
                self._post(portion)

    def _next_batch(self) -> list[Push]:
        """At least one push, unless it is time to close."""
        first = self._queue.get()
        batch = [first] if first else []
        while first and len(batch) < _BATCH:
            try:
                following = self._queue.get_nowait()
            except queue.Empty:
                break
            if following is None:
                self._queue.put(None)
                break
            batch.append(following)
        return batch

    def _post(self, pushes: list[dict[str, Any]]) -> None:
        try:
            self._client.call("POST", "/internal/push", {"pushes": pushes}, timeout=_TIMEOUT)
        except (Problem, Unreachable) as error:
            log.warning("push_not_delivered", count=len(pushes), error=str(error))


def _portions(pushes: list[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """In their order, no portion larger than web takes; one that is too large by itself goes alone, and is dropped alone."""
    portion: list[dict[str, Any]] = []
    total = 0
    for push in pushes:
        size = len(json.dumps(push))
        if portion and total + size > _PORTION_BYTES:
            yield portion
            portion, total = [], 0
        portion.append(push)
        total += size
    yield portion
