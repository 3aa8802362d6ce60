"""Calls that take long: how many of them a user may have, and answering a send only once WhatsApp has it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import RateLimited
from ..store.records import Message
from ._context import live, services

_LOOK_EVERY = 1.0
"""Seconds: a push tells at once; looking is for the one that got lost."""
_SENT = frozenset({"sent", "delivered", "read"})
_SETTLED = _SENT | {"failed", "cancelled"}


@contextmanager
def one_of_few(user_id: str) -> Iterator[None]:
    """For a call that may take long. Raises RateLimited where this user has enough of them."""
    waiting = live().waiting
    if not waiting.enter(user_id):
        raise RateLimited("Too many of your calls are being worked on.", retry_after=1)
    try:
        yield
    finally:
        waiting.leave(user_id)


def until_sent(message: Message, seconds: float) -> tuple[Message, bool]:
    """The message as it is once sent, failed, or after `seconds`; and whether it was sent."""
    waiting = live().waiting
    if seconds <= 0 or message.status in _SETTLED or not waiting.enter(message.user_id):
        return message, message.status in _SENT
    event = waiting.watch(message.id)
    try:
        message = _look_until(message, time.monotonic() + seconds, event)
    finally:
        waiting.unwatch(message.id, event)
        waiting.leave(message.user_id)
    return message, message.status in _SENT


def _look_until(message: Message, deadline: float, event: threading.Event) -> Message:
    while message.status not in _SETTLED and (left := deadline - time.monotonic()) > 0:
        event.wait(min(left, _LOOK_EVERY))
        event.clear()
        message = services().messages.latest(message)
    return message
