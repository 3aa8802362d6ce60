"""Which processes belong to a WABOT_DATA, read from /proc."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Process:
    pid: int
    command: str

    def __str__(self) -> str:
        return f"{self.pid} {self.command[:160]}"


def processes_of(data: Path) -> list[Process]:
    """Every process that has this path in its command line or its environment, but not this one."""
    needle = os.fsencode(data)
    found = []
    for directory in Path("/proc").iterdir():
        if not directory.name.isdigit() or int(directory.name) == os.getpid():
            continue
        command = _read(directory / "cmdline")
        if command and (needle in command or needle in _read(directory / "environ")):
            found.append(Process(int(directory.name), command.replace(b"\0", b" ").decode(errors="replace")))
    return found


def browsers_of(data: Path) -> list[Process]:
    return [one for one in processes_of(data) if "chromium" in one.command.split(" ", 1)[0]]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""  # it ended meanwhile
