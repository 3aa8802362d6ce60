"""Storing accepted messages: callers that come at the same moment share one durable write, and wait for it.

Alone a message is written at once; under load everything that arrived during one write goes into the next. The message is
written first, its outbox entry second: what dies in between is found by `Delivery.look_after`.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

from ..errors import DatabaseUnavailable
from ..lib.crash_points import crash_point
from ..store import Store
from ..store.records import Message, OutboxEntry

_WAITING_AT_MOST = 1000
_BATCH = 200
_PATIENCE_SECONDS = 30.0

_Waiting = tuple[Message, "Future[bool]"]


class Acceptance:
    """Safe for threads; its own thread starts with the first message, after any fork."""

    def __init__(self, store: Store, wake: Callable[[], None]) -> None:
        self._store = store
        self._wake = wake
        self._waiting: queue.Queue[_Waiting | None] = queue.Queue(_WAITING_AT_MOST)
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()

    def store(self, message: Message) -> bool:
        """True when it is durably stored, False when a message with its id was there already.

        Raises DatabaseUnavailable when that can't be said in time, or whatever the store raises.
        """
        self._ensure_running()
        stored: Future[bool] = Future()
        try:
            self._waiting.put_nowait((message, stored))
            return stored.result(_PATIENCE_SECONDS)
        except (queue.Full, TimeoutError) as error:
            raise DatabaseUnavailable from error

    def close(self) -> None:
        if self._thread:
            self._waiting.put(None)
            self._thread.join(_PATIENCE_SECONDS)

    def _ensure_running(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="acceptance", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            while len(batch) < _BATCH and not self._waiting.empty():
                following = self._waiting.get()
                if following is None:
                    self._waiting.put(None)
                    break
                batch.append(following)
            self._write(batch)

    def _write(self, batch: list[_Waiting]) -> None:
        messages = [message for message, _ in batch]
        try:
            crash_point("accept.before-store")
            new = self._store.messages.add_many(messages)
            crash_point("accept.between-message-and-outbox")
            self._store.outbox.add_many([entry_of(one) for one in messages if one.id in new])
        except Exception as error:  # noqa: BLE001  # every waiting caller raises it
            for _, stored in batch:
                stored.set_exception(error)
            return
        self._wake()
        crash_point("accept.before-answer")
        for message, stored in batch:
            stored.set_result(message.id in new)


def entry_of(message: Message) -> OutboxEntry:
    """The message's place in the outbox; one that is under way already is looked up in WhatsApp by its lane."""
    scheduled = message.status == "scheduled"
    return OutboxEntry(
        message.id,
        message.user_id,
        message.session_id,
        "scheduled" if scheduled else "queued",
        not_before=message.send_at if scheduled else None,
    )
