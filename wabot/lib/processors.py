"""Which processor a thread runs on.

Python runs one thread of a process at a time, whatever processors there are. Handing over from a thread on one processor to a thread on
another costs more than the handing over itself: what they share lies in the other one's cache. On one processor an accepted message takes
a quarter less of its time. But a thread there that has given up the interpreter takes it again before anybody else can, so that many
threads wait long for their turn; and what runs without the interpreter, as hashing a password does, is in the others' way.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_all: set[int] = set()
"""What this process was started with; empty where nothing is shared."""
_one: set[int] = set()
_here = threading.local()


def choose() -> None:
    """The processor that threads of this process may share: by its id, so that several wabots on a machine don't meet on one more than
    by chance. None where there is only one, or where nothing can be said (only Linux can)."""
    with suppress(AttributeError, OSError):
        allowed = os.sched_getaffinity(0)
        if len(allowed) > 1:
            _all.update(allowed)
            _one.add(sorted(allowed)[os.getpid() % len(allowed)])


def share(shares: bool) -> None:
    """Have this thread run on the shared processor from now on, or on any."""
    if _one and shares != _shares():
        with suppress(OSError):  # the machine has others by now
            os.sched_setaffinity(0, _one if shares else _all)
        _here.shares = shares


@contextmanager
def on_any() -> Iterator[None]:
    """For work that takes long and doesn't hold the interpreter."""
    shared = _shares()
    share(False)
    try:
        yield
    finally:
        share(shared)


def _shares() -> bool:
    return getattr(_here, "shares", False)
