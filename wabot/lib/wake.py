"""Waking the workers: their bell (lib/bell.py), whose datagrams name sessions and their users.

If a wake-up gets lost, the worker finds the work at its next sweep. So sending never blocks and never raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .bell import Bell, BellSocket

_NAME = "worker"
_NAMES_A_DATAGRAM = 80
_OWN = b"."


class Ring(NamedTuple):
    """Sessions that have work, with their users; and whether somebody rang for anything else."""

    lanes: dict[str, str]
    others: bool


class WakeUps:
    """The sender's side. `listening()` tells whether any worker's socket is open."""

    def __init__(self, run_dir: Path) -> None:
        self._bell = Bell(run_dir, _NAME)

    def ring(self, lanes: Mapping[str, str] | None = None) -> None:
        """There is work for these sessions (of these users), or of another kind."""
        if not lanes:
            self._bell.ring()
            return
        names = [f"{session_id}:{user_id}" for session_id, user_id in lanes.items()]
        for start in range(0, len(names), _NAMES_A_DATAGRAM):
            self._bell.ring(" ".join(names[start : start + _NAMES_A_DATAGRAM]).encode())

    def close(self) -> None:
        self._bell.close()

    def listening(self) -> bool:
        return self._bell.ring()


class Doorbell:
    """The worker's side. Use as a context manager: the socket file goes with it."""

    def __init__(self, run_dir: Path) -> None:
        self._socket = BellSocket(run_dir, _NAME)

    def __enter__(self) -> Doorbell:
        self._socket.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.__exit__()

    def ring(self) -> None:
        """Wake this very worker; from a signal handler, say, since a signal alone doesn't end a wait."""
        self._socket.ring(_OWN)

    def wait(self, seconds: float) -> Ring:
        """Wait for a ring, `seconds` at most. Several count as one."""
        heard = self._socket.wait(seconds)
        names = [name.partition(":") for one in heard if one != _OWN for name in one.decode().split()]
        return Ring({session_id: user_id for session_id, _, user_id in names}, others=b"" in heard)
