"""The processes under one wabot's supervisor, and those that slipped away from it: read from /proc (proc(5))."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .stack import Stack

LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class Member:
    """A process for its whole life: a pid may be given again, together with the start time it is unique."""

    pid: int
    started: int


@dataclass(frozen=True)
class Entry:
    member: Member
    parent: int
    group: int


class Family:
    """`look` notes whoever descends from the supervisor now; `orphans` are those noted that live on without it."""

    def __init__(self, stack: Stack) -> None:
        self._data = stack.data
        self._root = int((stack.data / "run" / "supervisord.pid").read_text())
        self._noted: set[Member] = set()

    def look(self) -> None:
        self._noted |= {entry.member for entry in self._descendants(_everybody())}

    @contextmanager
    def looking(self) -> Iterator[None]:
        """Look a few times a second meanwhile, so that short lives are noted too."""
        over = threading.Event()

        def run() -> None:
            while not over.wait(LOOK_SECONDS):
                self.look()

        thread = threading.Thread(target=run, name="looking", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(timeout=10)
            self.look()

    def orphans(self) -> list[str]:
        everybody = _everybody()
        kept = {entry.member for entry in self._descendants(everybody)}
        lost = [one.member for one in everybody if one.member in self._noted - kept]
        return [f"{one.pid} {' '.join(arguments_of(one.pid))[:200]}" for one in lost]

    def browsers(self, session_id: str | None = None) -> list[int]:
        """Main processes of Chromium, of one session or of all, wherever they hang: found by their profile's path."""
        below = self._data / "gateway" / "profiles" / "sandbox" / (session_id or "")
        mine = f"--user-data-dir={below}"
        found = []
        for entry in _everybody():
            arguments = arguments_of(entry.member.pid)
            if any(one.startswith(mine) for one in arguments) and not any(one.startswith("--type=") for one in arguments):
                found.append(entry.member.pid)
        return found

    def hosts(self) -> list[int]:
        pids = [entry.member.pid for entry in self._descendants(_everybody())]
        return [pid for pid in pids if any(one.endswith("node_wa/host.js") for one in arguments_of(pid))]

    def host_of(self, browser: int) -> int:
        entry = _entry(browser)
        assert entry, f"browser {browser} has ended"
        return entry.parent

    def _descendants(self, everybody: list[Entry]) -> list[Entry]:
        found: list[Entry] = []
        parents = {self._root}
        while parents:
            children = [one for one in everybody if one.parent in parents]
            found += children
            parents = {one.member.pid for one in children}
        return found


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def arguments_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
    except OSError:
        return []  # it ended meanwhile


def _everybody() -> list[Entry]:
    entries = [_entry(int(one.name)) for one in Path("/proc").iterdir() if one.name.isdigit()]
    return [one for one in entries if one]


def _entry(pid: int) -> Entry | None:
    """None when it has ended; a zombie holds nothing any more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    if fields[0] in "ZX":
        return None
    return Entry(Member(pid, int(fields[19])), int(fields[1]), int(fields[2]))
