"""The connections of web's clients. Each keeps one of its threads, so none may keep it for ever: neither by a request that trickles
in, nor by an answer that nobody takes, nor as a websocket that isn't used."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")

READ_SECONDS = 30.0
"""For a whole request to come, from its first byte on."""
TAKE_SECONDS = 30.0
"""For each piece of an answer to be taken."""
_PIECE = 64 * 1024


class TooSlow(ConnectionResetError):
    """For gunicorn and Werkzeug the client has gone away, which they take calmly."""

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "the client was too slow")


class ClientSocket(socket.socket):
    read_by: float | None = None
    """Until when may be read, by `time.monotonic()`; None for as long as it takes. May be changed while somebody reads."""

    @classmethod
    def of(cls, accepted: socket.socket) -> ClientSocket:
        """In place of `accepted`, which is not to be used any more."""
        return cls(accepted.family, accepted.type, accepted.proto, fileno=accepted.detach())

    def setblocking(self, flag: bool) -> None:
        """Harmless for one that is closed."""
        if self.fileno() >= 0:
            super().setblocking(flag)

    def recv(self, size: int, flags: int = 0) -> bytes:
        """Raises TooSlow. A read that has a time-out of its own keeps to that."""
        while self.gettimeout() is None and (until := self.read_by) is not None:
            try:
                return self._within(until - time.monotonic(), super().recv, size, flags)
            except TooSlow:
                if self.read_by == until:
                    raise
        return super().recv(size, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        """Raises TooSlow."""
        view = memoryview(data).cast("B")
        for start in range(0, len(view), _PIECE):
            self._within(TAKE_SECONDS, super().sendall, view[start : start + _PIECE], flags)

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        """Raises TooSlow."""
        return self._within(TAKE_SECONDS, super().sendfile, file, offset, count)

    def _within(self, seconds: float, call: Callable[..., T], *args: Any) -> T:
        if seconds <= 0:
            raise TooSlow
        self.settimeout(seconds)
        try:
            return call(*args)
        except TimeoutError as error:
            raise TooSlow from error
        finally:
            self.settimeout(None)
