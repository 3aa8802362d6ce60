"""Which processor a thread runs on.

Python runs one thread of a process at a time, whatever processors there are. Handing over from a thread on one processor to a thread on
another costs more than the handing over itself: what they share lies in the other one's cache. With all of web's threads on one
processor an accepted message takes a quarter less of its time. What runs without the interpreter, as hashing a password does, would then
be in the others' way, and may run anywhere.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_allowed: set[int] = set()
"""What this process was started with; empty unless it stays on one."""


def stay_on_one() -> int | None:
    """This thread, and those it starts from now on. Which, or None where nothing is gained or nothing can be said (only Linux can).

    By the process's id, so that several wabots on a machine don't meet on one more than by chance."""
    try:
        allowed = os.sched_getaffinity(0)
        if len(allowed) == 1:
            return None
        chosen = sorted(allowed)[os.getpid() % len(allowed)]
        os.sched_setaffinity(0, {chosen})
    except (AttributeError, OSError):
        return None
    _allowed.update(allowed)
    return chosen


@contextmanager
def on_any() -> Iterator[None]:
    """For work that takes long and doesn't hold the interpreter."""
    if not _allowed:
        yield
        return
    mine = os.sched_getaffinity(0)
    _move(_allowed)
    try:
        yield
    finally:
        _move(mine)


def _move(processors: set[int]) -> None:
    """Harmless where the machine has others by now."""
    with suppress(OSError):
        os.sched_setaffinity(0, processors)
