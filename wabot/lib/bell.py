"""A bell between processes of one machine: an empty datagram to every Unix socket of its name under `WABOT_DATA/run`.

A lost ring costs whoever waits its own interval, so ringing never blocks and never raises.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from pathlib import Path


class Bell:
    """`name` of the sockets it rings: `<name>-<pid>.sock`. Safe for threads."""

    def __init__(self, run_dir: Path, name: str) -> None:
        self._run_dir = run_dir
        self._pattern = f"{name}-*.sock"
        self._socket = _unbound()

    def ring(self) -> None:
        for path in self._run_dir.glob(self._pattern):
            with contextlib.suppress(OSError):  # its queue is full, or nobody listens there any more
                self._socket.sendto(b"", str(path))

    def close(self) -> None:
        self._socket.close()


class BellSocket:
    """The side that waits. Use as a context manager: the socket file goes with it."""

    def __init__(self, run_dir: Path, name: str) -> None:
        self._name = name
        self._path = run_dir / f"{name}-{os.getpid()}.sock"
        self._socket = _unbound()

    def __enter__(self) -> BellSocket:
        self._remove_dead()
        self._path.unlink(missing_ok=True)
        self._socket.bind(str(self._path))
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def ring(self) -> None:
        """Wake whoever waits here."""
        with contextlib.suppress(OSError):
            self._socket.sendto(b"", str(self._path))

    def wait(self, seconds: float) -> bool:
        """True when somebody rang within `seconds`; several rings count as one."""
        readable, _, _ = select.select([self._socket], [], [], max(0.0, seconds))
        with contextlib.suppress(BlockingIOError):
            while readable:
                self._socket.recv(16)
        return bool(readable)

    def _remove_dead(self) -> None:
        """Socket files of processes that were killed."""
        for path in self._path.parent.glob(f"{self._name}-*.sock"):
            if not Path(f"/proc/{path.stem.removeprefix(f'{self._name}-')}").exists():
                path.unlink(missing_ok=True)


def _unbound() -> socket.socket:
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    return made
