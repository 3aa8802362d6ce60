"""Ids: MongoDB's ObjectId inside, its 24 hex digits outside. It carries its moment of birth, which windows and queues use.

The four bytes of seconds are followed by three of the fraction: ids rise in the order they are made, also when several
processes make them, to 60 ns on one machine. The queue of a session is read in this order, so it is the order of acceptance.
The rest keeps two processes apart and is no secret: it is drawn without asking the kernel, which would give the interpreter away.
"""

from __future__ import annotations

import hashlib
import random
import threading
import time
from datetime import datetime

from bson import ObjectId

_TICKS_A_SECOND = 1 << 24
_NANOSECONDS = 1_000_000_000
_lock = threading.Lock()
_last = 0


_LAST_SECOND = 2**32 - 1
"""An ObjectId has four bytes for it: until 2106."""


def new_id() -> str:
    return str(ObjectId(_rising().to_bytes(7, "big") + random.randbytes(5)))


def parse(text: str) -> ObjectId | None:
    """None for what can't be an id, so that a look-up finds nothing instead of failing."""
    return ObjectId(text) if ObjectId.is_valid(text) and len(text) == 24 else None


def told_id(moment: datetime, seq: int, seed: str, *, in_time: bool) -> str:
    """The id of something we were told of, the same however often: sorted by its time and then by the order of telling.

    `in_time`: it was told within its second. Of the others only the second is known; they come last in it.
    """
    fraction = moment.microsecond * _TICKS_A_SECOND // 1_000_000 if in_time else _TICKS_A_SECOND - 1
    digest = hashlib.sha256(seed.encode()).digest()
    return (int(moment.timestamp()).to_bytes(4) + fraction.to_bytes(3) + (seq % 2**32).to_bytes(4) + digest[:1]).hex()


def earliest_at(moment: datetime) -> ObjectId:
    """The smallest id born in that second; of a moment that no id can carry, the nearest it can."""
    return _first_of(int(moment.timestamp()))


def beyond(moment: datetime) -> ObjectId:
    """Larger than all ids of what happened before `moment`, which get theirs at once, or within the next second."""
    return _first_of(int(moment.timestamp()) + 2)


def _first_of(second: int) -> ObjectId:
    return ObjectId(min(max(second, 0), _LAST_SECOND).to_bytes(4, "big") + bytes(8))


def _rising() -> int:
    """The present in ticks; one more than the last when the clock stands still or is set back."""
    global _last  # noqa: PLW0603  # one order for the whole process
    with _lock:
        _last = max(time.time_ns() * _TICKS_A_SECOND // _NANOSECONDS, _last + 1)
        return _last


def derived(moment: datetime, place: int, *parts: str) -> str:
    """Always the same id for the same: it rises with the moment and, within its millisecond, with `place`."""
    milliseconds = int(moment.timestamp() * 1000)
    ticks = milliseconds * (1 << 24) // 1000 + min(place, 1000)
    return (ticks.to_bytes(7, "big") + hashlib.sha256("\0".join(parts).encode()).digest()[:5]).hex()


def born(text: str) -> datetime:
    """The second in which an id was made."""
    return ObjectId(text).generation_time


def beside(first: str, *parts: str) -> str:
    """Always the same id for the same: as old as `first`, and in the same order."""
    return first[:14] + hashlib.sha256("\0".join((first, *parts)).encode()).hexdigest()[:10]
