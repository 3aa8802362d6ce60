"""Storing accepted messages: callers that come at the same moment share one durable write, and wait for it.

Alone a message is written at once; under load everything that arrived during one write goes into the next. With it the message
has its place in the outbox. After the answer its session's lane is marked and the workers are rung: what dies in between is found
by `Aftercare`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from ..lib.clock import now
from ..lib.crash_points import crash_point
from ..lib.log import get_logger
from ..lib.together import Together
from ..store import DATABASE_DOWN, Store
from ..store.records import Message

_MARKED_SECONDS = 5.0
"""So long a lane that was marked is known to be awake; workers keep it so for three times as long."""
_MARKS_KEPT = 10_000

log = get_logger(__name__)


class Acceptance:
    def __init__(self, store: Store, wake: Callable[[Mapping[str, str]], None]) -> None:
        """`wake` rings the workers, for sessions and their users."""
        self._store = store
        self._wake = wake
        self._marked: dict[str, float] = {}
        self._write_together = Together(self._write, then=self._call_workers)

    def store(self, message: Message) -> bool:
        """True when it is durably stored, False when a message with its id was there already. Raises what the store raises."""
        return self._write_together(message)

    def _write(self, messages: list[Message]) -> list[bool]:
        crash_point("accept.before-store")
        new = self._store.messages.add_many(messages)
        crash_point("accept.before-answer")
        return [one.id in new for one in messages]

    def _call_workers(self, messages: list[Message]) -> None:
        """Stored is accepted: should this fail, or the process die here, the workers find the messages by themselves."""
        crash_point("accept.before-wake")
        try:
            self.ring(messages)
        except DATABASE_DOWN as error:
            log.warning("lanes_not_marked", error=type(error).__name__)

    def ring(self, messages: list[Message]) -> None:
        """Have the lanes of these, which are stored, look at them; harmless where they do so already."""
        lanes = {one.session_id: one.user_id for one in messages}
        present = time.monotonic()
        unmarked = {one: owner for one, owner in lanes.items() if present - self._marked.get(one, 0.0) > _MARKED_SECONDS}
        self._store.lanes.mark(unmarked, now())
        if len(self._marked) > _MARKS_KEPT:
            self._marked.clear()
        self._marked.update(dict.fromkeys(unmarked, present))
        self._wake(lanes)
