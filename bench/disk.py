"""How long this disk takes to keep something: what a lone durable write waits for, and those who share one wait for once."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

_TIMES = 200
_BLOCK = b"x" * 4096


def flush_ms(directory: Path) -> float:
    """The median of fdatasync after appending a block, milliseconds, in a file of that directory."""
    took = []
    with tempfile.TemporaryFile(dir=directory, buffering=0) as file:
        for _ in range(_TIMES):
            file.write(_BLOCK)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)
