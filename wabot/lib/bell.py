"""A bell between processes on one machine: a datagram to every Unix socket of its name under `WABOT_DATA/run`.

If a ring gets lost, its listener notices at its next regular look. So ringing never blocks and never raises.
"""

from __future__ import annotations

import contextlib
import secrets
import select
import socket
import time
from pathlib import Path

LONGEST = 8192
"""Bytes of a datagram."""
_SETTLED_NS = 1_000_000_000


class Bell:
    """Rings the sockets `<name>-<token>.sock`. Safe for threads."""

    def __init__(self, run_dir: Path, name: str) -> None:
        self._run_dir = run_dir
        self._pattern = f"{name}-*.sock"
        self._sockets: tuple[int, list[str]] = (0, [])
        """The directory's time of change, and the sockets it held then."""
        self._socket = _unbound()

    def ring(self, datagram: bytes = b"") -> bool:
        """Whether any of the sockets is open, so that somebody heard it."""
        reached = [self._reached(path, datagram) for path in self._there()]
        return any(reached)

    def close(self) -> None:
        self._socket.close()

    def _there(self) -> list[str]:
        """The list is read again when the directory has changed. Two changes may share one tick of its clock, so a list that was
        read within a second of a change isn't kept."""
        try:
            changed = self._run_dir.stat().st_mtime_ns
        except FileNotFoundError:
            return []
        known_at, sockets = self._sockets
        if changed != known_at:
            sockets = [str(path) for path in self._run_dir.glob(self._pattern)]
            self._sockets = (changed if time.time_ns() - changed > _SETTLED_NS else 0, sockets)
        return sockets

    def _reached(self, path: str, datagram: bytes) -> bool:
        try:
            self._socket.sendto(datagram, path)
        except BlockingIOError:  # its queue is full: it has been rung often enough
            return True
        except OSError:  # a dead process's socket, or one just being removed
            return False
        return True


class BellSocket:
    """The side that waits. Use as a context manager: the socket file goes with it."""

    def __init__(self, run_dir: Path, name: str) -> None:
        self._name = name
        self._path = run_dir / f"{name}-{secrets.token_hex(4)}.sock"
        self._socket = _unbound()

    def __enter__(self) -> BellSocket:
        self._remove_dead()
        self._socket.bind(str(self._path))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def ring(self, datagram: bytes = b"") -> None:
        """Wake whoever waits here."""
        with contextlib.suppress(OSError):
            self._socket.sendto(datagram, str(self._path))

    def wait(self, seconds: float) -> list[bytes]:
        """All that was rung, oldest first; empty when nobody rang within `seconds`."""
        readable, _, _ = select.select([self._socket], [], [], max(0.0, seconds))
        heard: list[bytes] = []
        with contextlib.suppress(BlockingIOError):
            while readable:
                heard.append(self._socket.recv(LONGEST))
        return heard

    def _remove_dead(self) -> None:
        """Socket files of processes that were killed. Pids would tell nothing of processes in other containers."""
        for path in self._path.parent.glob(f"{self._name}-*.sock"):
            if not _is_heard(path):
                path.unlink(missing_ok=True)


def _is_heard(path: Path) -> bool:
    with _unbound() as probe:
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:  # it is there, but not for us
            pass
    return True


def _unbound() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made
