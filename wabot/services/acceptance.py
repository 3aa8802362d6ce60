"""Storing accepted messages: callers that come at the same moment share one durable write, and wait for it.

Alone a message is written at once; under load everything that arrived during one write goes into the next. With it the message
has its place in the outbox. After the answer its session's lane is marked and the workers are rung: what dies in between is found
by `Aftercare`. While its session isn't connected nobody is rung: there is nothing to do before it is, and then the session rings.
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

_Accepted = tuple[Message, bool]
"""A message, and whether the workers are rung for it."""

log = get_logger(__name__)


class Acceptance:
    def __init__(self, store: Store, wake: Callable[[Mapping[str, str]], None]) -> None:
        """`wake` rings the workers, for sessions and their users."""
        self._store = store
        self._wake = wake
        self._marked: dict[str, float] = {}
        self._write_together = Together(self._write, then=self._call_workers)

    def store(self, message: Message, *, ring: bool = True) -> bool:
        """True when it is durably stored, False when a message with its id was there already. Raises what the store raises.

        Without `ring` the workers find it within their sweep at the latest.
        """
        return self._write_together((message, ring))

    def _write(self, accepted: list[_Accepted]) -> list[bool]:
        crash_point("accept.before-store")
        new = self._store.messages.add_many([message for message, _ in accepted])
        crash_point("accept.before-answer")
        return [message.id in new for message, _ in accepted]

    def _call_workers(self, accepted: list[_Accepted]) -> None:
        """Stored is accepted: should this fail, or the process die here, the workers find the messages by themselves."""
        crash_point("accept.before-wake")
        try:
            self._mark(_lanes_of([message for message, _ in accepted]))
            if lanes := _lanes_of([message for message, ring in accepted if ring]):
                self._wake(lanes)
        except DATABASE_DOWN as error:
            log.warning("lanes_not_marked", error=type(error).__name__)

    def ring(self, messages: list[Message]) -> None:
        """Have the lanes of these, which are stored, look at them; harmless where they do so already."""
        lanes = _lanes_of(messages)
        self._mark(lanes)
        self._wake(lanes)

    def _mark(self, lanes: dict[str, str]) -> None:
        present = time.monotonic()
        unmarked = {one: owner for one, owner in lanes.items() if present - self._marked.get(one, 0.0) > _MARKED_SECONDS}
        self._store.lanes.mark(unmarked, now())
        if len(self._marked) > _MARKS_KEPT:
            self._marked.clear()
        self._marked.update(dict.fromkeys(unmarked, present))


def _lanes_of(messages: list[Message]) -> dict[str, str]:
    """session → user"""
    return {one.session_id: one.user_id for one in messages}
