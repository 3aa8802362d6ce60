"""Memory of processes as the machine gives it: PSS, in which a page shared by n processes counts a n-th for each (proc(5))."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.support.waiting import poll

_PSS = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)
_STEADY = 0.01
_LOOKS = 3
_LOOK_SECONDS = 1.0
_PATIENCE = 20.0


def pss_mb(pids: Iterable[int]) -> float:
    return sum(_pss(pid) for pid in pids)


def browser_pids(directory: str | Path) -> list[int]:
    """All processes of the browsers whose profiles lie under this directory: a browser's group, and who else names the profile."""
    profile = os.fsencode(f"--user-data-dir={directory}")
    commands = {pid: _read(pid, "cmdline") for pid in _all()}
    named = {pid for pid, command in commands.items() if profile in command}
    groups = {_group(pid) for pid in named} - {os.getpgrp(), 0}
    return sorted(named | {pid for pid in commands if _group(pid) in groups})


def steady(measure: Callable[[], float]) -> float:
    """The figure once it has come to rest: three looks, a second apart, within one per cent; or the last after 20 s."""
    seen: list[float] = []
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        seen = [*seen, measure()][-_LOOKS:]
        if len(seen) == _LOOKS and max(seen) - min(seen) <= _STEADY * max(seen):
            break
        poll(_LOOK_SECONDS)
    return seen[-1]


def _all() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _pss(pid: int) -> float:
    found = _PSS.search(_read(pid, "smaps_rollup").decode())
    return int(found[1]) / 1024 if found else 0.0


def _group(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""  # it ended meanwhile
