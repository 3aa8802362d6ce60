"""The connections of web's clients. Each keeps one of its threads, so none may keep it for ever: neither by a request that trickles
in, nor by an answer that nobody takes, nor as a websocket that isn't used.

The kernel holds the times, one for reading and one for writing: SO_RCVTIMEO and SO_SNDTIMEO of socket(7). Python has one time-out for both, and
a websocket is read and written by two threads at once.
"""

from __future__ import annotations

import errno
import math
import socket
import struct
import time
from typing import Any

READ_SECONDS = 30.0
"""For a whole request to come, from its first byte on."""
TAKE_SECONDS = 30.0
"""For each piece of an answer to be taken."""
QUIET_SECONDS = 45.0
"""For anything to come from a websocket in use: it is asked for a sign of life every 20 seconds, and has 20 to give it (wabot/live.py)."""
_PIECE = 64 * 1024
_SHORTEST = 0.001
"""Seconds: none at all would be for ever."""


class TooSlow(ConnectionResetError):
    """For gunicorn and Werkzeug the client has gone away, which they take calmly."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client was too slow")


class ClientSocket(socket.socket):
    read_by: float | None = None
    """Until when may be read, by `time.monotonic()`; None for as long as something comes every QUIET_SECONDS. For one who is reading,
    a change holds when the time there was is over."""
    _reads_for = 0.0

    @classmethod
    def of(cls, accepted: socket.socket) -> ClientSocket:
        """In place of `accepted`, which is not to be used any more."""
        made = cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(TAKE_SECONDS))
        return made

    def setblocking(self, flag: bool) -> None:
        """Harmless for one that is closed."""
        if self.fileno() >= 0:
            super().setblocking(flag)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Raises TooSlow. A read that has a time-out of its own keeps to that."""
        while self.gettimeout() is None:
            until = self.read_by
            left = QUIET_SECONDS if until is None else until - time.monotonic()
            if left <= 0:
                raise TooSlow
            self._read_for(max(_SHORTEST, left))
            try:
                return super().recv(size, flags)
            except BlockingIOError as error:
                if until is None or self.read_by == until:
                    raise TooSlow from error
        return super().recv(size, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        """All of it. simple-websocket doesn't look how much was taken, and would go on in the middle of a frame. Raises TooSlow."""
        self.sendall(data, flags)
        return memoryview(data).nbytes

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Raises TooSlow."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _PIECE):
            self._send_piece(view[start : start + _PIECE], flags)

    def _send_piece(self, piece: memoryview, flags: int) -> None:
        until = time.monotonic() + TAKE_SECONDS
        while piece:
            try:
                piece = piece[super().send(piece, flags) :]
            except BlockingIOError as error:
                raise TooSlow from error
            if piece and time.monotonic() > until:
                raise TooSlow

    def _read_for(self, seconds: float) -> None:
        if seconds != self._reads_for:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(seconds))
            self._reads_for = seconds


def _timeval(seconds: float) -> bytes:
    """0 for no limit."""
    fraction, whole = math.modf(seconds)
    return struct.pack("@ll", int(whole), int(fraction * 1e6))
