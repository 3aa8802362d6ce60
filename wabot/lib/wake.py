"""Waking the workers: a byte to each worker's Unix datagram socket under `WABOT_DATA/run`.

A lost wake-up costs at most the worker's sweep interval, so sending never blocks and never raises.
"""

from __future__ import annotations

import contextlib
import os
import select
import socket
from pathlib import Path


class WakeUps:
    """The sender's side. `listening()` tells whether any worker's socket is open."""

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def ring(self) -> None:
        self.listening()

    def close(self) -> None:
        self._socket.close()

    def listening(self) -> bool:
        reached = [self._reached(path) for path in self._run_dir.glob("worker-*.sock")]
        return any(reached)

    def _reached(self, path: Path) -> bool:
        try:
            self._socket.sendto(b"!", str(path))
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
            self._socket.sendto(b"!", str(self._path))

    def wait(self, seconds: float) -> bool:
        """True when somebody rang within `seconds`; several rings count as one."""
        readable, _, _ = select.select([self._socket], [], [], seconds)
        with contextlib.suppress(BlockingIOError):
            while readable:
                self._socket.recv(16)
        return bool(readable)


def _remove_dead(run_dir: Path) -> None:
    """Socket files of workers that were killed."""
    for path in run_dir.glob("worker-*.sock"):
        pid = path.stem.removeprefix("worker-")
        if not Path(f"/proc/{pid}").exists():
            path.unlink(missing_ok=True)
