"""Waking the workers: a datagram to each worker's Unix socket under `WABOT_DATA/run`, which names sessions and their users.

A lost wake-up costs at most the worker's sweep interval, so sending never blocks and never raises.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

_NAMES_A_DATAGRAM = 80
_LONGEST = 8192
_OWN = b"."
_SETTLED_NS = 1_000_000_000


class Ring(NamedTuple):
    """Sessions that have work, with their users; and whether somebody rang for anything else."""

    lanes: dict[str, str]
    others: bool


class WakeUps:
    """The sender's side. `listening()` tells whether any worker's socket is open."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._sockets: tuple[int, list[str]] = (0, [])
        """The directory's time of change, and the workers' sockets it held then."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self, lanes: Mapping[str, str] | None = None) -> None:
        """There is work for these sessions (of these users), or of another kind."""
        if not lanes:
            self._send(b"")
            return
        names = [f"{session_id}:{user_id}" for session_id, user_id in lanes.items()]
        for start in range(0, len(names), _NAMES_A_DATAGRAM):
            self._send(" ".join(names[start : start + _NAMES_A_DATAGRAM]).encode())

    def close(self) -> None:
        self._socket.close()

    def listening(self) -> bool:
        return self._send(b"")

    def _send(self, datagram: bytes) -> bool:
        reached = [self._reached(path, datagram) for path in self._there()]
        return any(reached)

    def _there(self) -> list[str]:
        """Read anew when the directory has changed. A change may follow another within one tick of its time: what changed within
        the last second isn't believed."""
        try:
            changed = self._run_dir.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        known_at, sockets = self._sockets
        if changed != known_at:
            sockets = [str(path) for path in self._run_dir.glob("worker-*.sock")]
            self._sockets = (changed if time.time_ns() - changed > _SETTLED_NS else 0, sockets)
        return sockets

    def _reached(self, path: str, datagram: bytes) -> bool:
        try:
            self._socket.sendto(datagram, path)
        except BlockingIOError:  # its queue is full: it has been woken often enough
            return True
        except OSError:  # a dead worker's socket, or one just being removed
            return False
        return True


class Doorbell:
    """The worker's side. Use as a context manager: the socket file goes with it."""

    def __init__(self, run_dir: Path) -> None:
        self._path = run_dir / f"worker-{os.getpid()}.sock"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def __enter__(self) -> Doorbell:
        _remove_dead(self._path.parent)
        self._path.unlink(missing_ok=True)
        self._socket.bind(str(self._path))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def ring(self) -> None:
        """Wake this very worker; from a signal handler, say, since a signal alone doesn't end a wait."""
        with contextlib.suppress(OSError):
            self._socket.sendto(_OWN, str(self._path))

    def wait(self, seconds: float) -> Ring:
        """Wait for a ring, `seconds` at most. Several count as one."""
        readable, _, _ = select.select([self._socket], [], [], seconds)
        heard: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while readable:
                heard.append(self._socket.recv(_LONGEST))
        names = [name.partition(":") for one in heard if one != _OWN for name in one.decode().split()]
        return Ring({session_id: user_id for session_id, _, user_id in names}, others=b"" in heard)


def _remove_dead(run_dir: Path) -> None:
    """Socket files of workers that were killed."""
    for path in run_dir.glob("worker-*.sock"):
        pid = path.stem.removeprefix("worker-")
        if not Path(f"/proc/{pid}").exists():
            path.unlink(missing_ok=True)
