"""Processor time by program, read from /proc: it says where the time goes, and holds on a loaded machine, too."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

from tests.support.processes import processes_of
from tests.support.stack import Stack

_PROGRAMS = {
    "chromium": "chromium",
    "gunicorn": "web",
    "wabot.worker": "worker",
    "secantus": "db",
    "sandbox/server.js": "sandbox",
    "node_wa/server.js": "gateway",
    "host.js": "engine host",
}
"""By what stands in the command line."""
_TICKS = os.sysconf("SC_CLK_TCK")


def used(stack: Stack) -> Counter[str]:
    """Milliseconds, user and system, that each program took since it started."""
    milliseconds: Counter[str] = Counter()
    for process in processes_of(stack.data):
        name = next((name for part, name in _PROGRAMS.items() if part in process.command), None)
        if name:
            milliseconds[name] += _used(process.pid)
    return milliseconds


def _used(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0  # it ended meanwhile
    return (int(fields[11]) + int(fields[12])) * 1000 // _TICKS
