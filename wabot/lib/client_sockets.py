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
_FIRST = 8192
"""Bytes that are read of a request before it is known how long it is; as many as gunicorn reads."""
_SHORTEST = 0.001
"""Seconds: none at all would be for ever."""


class TooSlow(ConnectionResetError):
    """For gunicorn and Werkzeug the client has gone away, which they take calmly."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client was too slow")


class ClientSocket(socket.socket):
    """Its own time-out isn't told to the kernel but kept here, and asked at each read: gunicorn sets it four times for a request, and at
    each of those calls of the kernel another thread takes the interpreter."""

    read_by: float | None = None
    """Until when may be read, by `time.monotonic()`; None for as long as something comes every QUIET_SECONDS. For one who is reading,
    a change holds when the time there was is over."""
    _timeout: float | None = None
    _reads_for = 0.0
    _holds = False
    _held = b""

    @classmethod
    def of(cls, accepted: socket.socket) -> ClientSocket:
        """In place of `accepted`, which is not to be used any more."""
        accepted.setblocking(True)
        made = cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(TAKE_SECONDS))
        return made

    def gettimeout(self) -> float | None:
        return self._timeout

    def settimeout(self, value: float | None) -> None:
        """For reads."""
        self._timeout = value

    def setblocking(self, flag: bool) -> None:
        self._timeout = None if flag else 0.0

    def begin(self) -> None:
        """Another request: it has READ_SECONDS to come. What is sent first waits for what follows it, since gunicorn sends head and body of
        an answer one by one, which are two packets and two calls of the kernel."""
        self.read_by = time.monotonic() + READ_SECONDS
        self._holds = True

    def end(self) -> None:
        """Nothing follows any more. Raises TooSlow."""
        self._holds = False
        if self._held:
            self._send(b"", 0)

    def coming(self, seconds: float) -> bytes | None:
        """What comes within that time, or None; nothing at all from one who has hung up."""
        try:
            return self._recv_within(seconds, _FIRST)
        except BlockingIOError:
            return None
        except OSError:
            return b""

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Raises TooSlow, or TimeoutError for a read that has a time-out of its own."""
        if self._timeout is not None:
            try:
                return self._recv_within(self._timeout, size, flags)
            except BlockingIOError as error:
                raise TimeoutError from error
        while True:
            until = self.read_by
            try:
                return self._recv_within(QUIET_SECONDS if until is None else until - time.monotonic(), size, flags)
            except BlockingIOError as error:
                if until is None or self.read_by == until:
                    raise TooSlow from error

    def _recv_within(self, seconds: float, size: int, flags: int = 0) -> bytes:
        """Raises BlockingIOError."""
        if seconds <= 0:
            raise BlockingIOError
        if seconds != self._reads_for:
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(max(_SHORTEST, seconds)))
            self._reads_for = seconds
        return super().recv(size, flags)

    def send(self, data: Any, flags: int = 0) -> int:
        """All of it, at once. simple-websocket doesn't look how much was taken, and would go on in the middle of a frame. Raises TooSlow."""
        self._send(data, flags)
        return memoryview(data).nbytes

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Raises TooSlow."""
        if self._holds:
            self._holds, self._held = False, bytes(data)
            return
        self._send(data, flags)

    def _send(self, data: Any, flags: int) -> None:
        """After what is held back."""
        if self._held:
            data, self._held = self._held + bytes(data), b""
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


def _timeval(seconds: float) -> bytes:
    """0 for no limit."""
    fraction, whole = math.modf(seconds)
    return struct.pack("@ll", int(whole), int(fraction * 1e6))
