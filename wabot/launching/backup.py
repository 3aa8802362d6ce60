"""A backup of WABOT_DATA while wabot runs. All of its programs stand still while the files are copied, so the copy is of one moment:
what a power failure would leave, which every part of wabot is made to survive. They go on before it is packed.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..config import ConfigError, Settings

RESTORED = "restored"
"""A file in the archive: who starts on it is told that time has passed (services/restored.py)."""
_LEFT_OUT = shutil.ignore_patterns(
    "Cache", "Code Cache", "GPUCache", "DawnCache", "DawnGraphiteCache", "DawnWebGPUCache", "ShaderCache", "GrShaderCache", "Singleton*", "*.sock"
)  # fmt: skip
_PARTS_LEFT_OUT = frozenset({"run", "logs"})
STOPPED_WITHIN = 10.0
"""Seconds."""


@dataclass(frozen=True)
class Done:
    """`paused`: seconds that everything stood still."""

    archive: Path
    size: int
    paused: float


def write(settings: Settings, target: Path) -> Done:
    """Write `target`, a .tar.gz of mode 0600, whole or not at all. Raises ConfigError when it can't be written there, OSError."""
    if target.exists():
        raise ConfigError({str(target): "is there already"})
    if target.resolve().is_relative_to(settings.data.resolve()):
        raise ConfigError({str(target): "lies within WABOT_DATA, and would be copied into itself: choose a place outside"})
    with tempfile.TemporaryDirectory(prefix=".wabot-backup-", dir=target.absolute().parent) as staging:
        copied = Path(staging) / "data"
        with standing_still(_programs(settings.data)):
            begun = time.monotonic()
            _copy(settings.data, copied)
            paused = time.monotonic() - begun
        (copied / RESTORED).touch()
        packed = Path(staging) / "packed"
        _pack(copied, packed)
        packed.rename(target)
    return Done(target, target.stat().st_size, paused)


@contextmanager
def standing_still(pids: list[int]) -> Iterator[None]:
    """A process of its own lets them go on, also when this one is killed. Raises ConfigError when one doesn't stop."""
    command = ["sh", "-c", 'read -r _; kill -CONT "$@" 2>/dev/null; true', "sh", *map(str, pids)]
    guard = subprocess.Popen(command, stdin=subprocess.PIPE)
    try:
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        _see_stopped(pids)
        yield
    finally:
        if guard.stdin is not None:
            guard.stdin.close()
        guard.wait()


def _see_stopped(pids: list[int]) -> None:
    """A signal is heard a moment after it was sent: what runs until then may still write."""
    deadline = time.monotonic() + STOPPED_WITHIN
    while running := [pid for pid in pids if _runs(pid)]:
        if time.monotonic() > deadline:
            raise ConfigError({"WABOT_DATA": f"can't be copied: process {running[0]} doesn't stand still"})
        time.sleep(0.002)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "TtZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return  # it ended meanwhile


def _programs(data: Path) -> list[int]:
    """Everything below the supervisord of this WABOT_DATA, those who start others first; none when it doesn't run."""
    try:
        top = int((data / "run" / "supervisord.pid").read_text())
    except (OSError, ValueError):
        return []
    children: dict[int, list[int]] = {}
    for pid, parent in _parents():
        children.setdefault(parent, []).append(pid)
    found, left = [], [top]
    while left:
        left += (below := children.get(left.pop(0), []))
        found += below
    return found


def _parents() -> Iterator[tuple[int, int]]:
    for directory in Path("/proc").iterdir():
        if directory.name.isdigit():
            try:
                stat = (directory / "stat").read_text()
            except OSError:
                continue  # it ended meanwhile
            yield int(directory.name), int(stat.rpartition(")")[2].split()[1])


def _copy(data: Path, to: Path) -> None:
    to.mkdir(mode=0o700)
    for part in data.iterdir():
        if part.name in _PARTS_LEFT_OUT:
            continue
        if part.is_dir():
            shutil.copytree(part, to / part.name, symlinks=True, ignore=_LEFT_OUT)
        else:
            shutil.copy2(part, to / part.name)


def _pack(directory: Path, archive: Path) -> None:
    descriptor = os.open(archive, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as tar:
            tar.add(directory, arcname=".")
        file.flush()
        os.fsync(file.fileno())
