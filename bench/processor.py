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
}
"""By what stands in the command line."""
_TICKS = os.sysconf("SC_CLK_TCK")


def used(stack: Stack) -> Counter[str]:
    """Milliseconds, user and system, that each program took since it started."""
    milliseconds: Counter[str] = Counter()
    for process in processes_of(stack.data):
        if name := _name(process.command):
            milliseconds[name] += _used(process.pid)
        if name == "gateway":
            milliseconds["engine host"] += sum(_used(pid) for pid in _children(process.pid))
    return milliseconds


def _name(command: str) -> str | None:
    return next((name for part, name in _PROGRAMS.items() if part in command), None)


def _children(pid: int) -> list[int]:
    """Of the gateway: its hosts, which don't know of `WABOT_DATA`."""
    text = "".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return [int(one) for one in text.split()]


def _used(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0  # it ended meanwhile
    return (int(fields[11]) + int(fields[12])) * 1000 // _TICKS
