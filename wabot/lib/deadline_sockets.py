"""Sockets with one deadline for everything they do: a plain time-out starts again with every byte that trickles in."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any


class Late(OSError):
    """The deadline has passed."""


class _Deadline:
    deadline: float | None = None

    def _hurry(self, parts: int = 1) -> None:
        """The next step may take what is left, or one of so many parts of it."""
        if self.deadline is None:
            return
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Late("the deadline has passed")
        self.settimeout(left / parts)  # type: ignore[attr-defined]  # a socket's


class DeadlineSocket(_Deadline, socket.socket):
    @classmethod
    def connected(cls, addresses: list[str], port: int, deadline: float) -> DeadlineSocket:
        """To the first of these addresses that takes it; one that doesn't answer leaves time for the others. Raises OSError."""
        failure: OSError = OSError("no address")
        for index, address in enumerate(addresses):
            made = cls(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
            made.deadline = deadline
            try:
                made._hurry(len(addresses) - index)
                made.connect((address, port))
                made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                made.close()
                failure = error
                continue
            return made
        raise failure

    def recv_into(self, *args: Any, **options: Any) -> int:
        self._hurry()
        return super().recv_into(*args, **options)

    def sendall(self, *args: Any, **options: Any) -> None:
        self._hurry()
        super().sendall(*args, **options)


class DeadlineTLSSocket(_Deadline, ssl.SSLSocket):
    """Made by an SSLContext from a DeadlineSocket: the handshake runs under that socket's deadline, which this one then takes over."""

    @classmethod
    def _create(cls, sock: socket.socket, *args: Any, **options: Any) -> DeadlineTLSSocket:
        deadline = getattr(sock, "deadline", None)
        if isinstance(sock, DeadlineSocket):
            sock._hurry()
        made: DeadlineTLSSocket = super()._create(sock, *args, **options)  # type: ignore[misc]  # the standard library's own
        made.deadline = deadline
        return made

    def recv_into(self, *args: Any, **options: Any) -> int:
        self._hurry()
        return super().recv_into(*args, **options)

    def send(self, *args: Any, **options: Any) -> int:
        self._hurry()
        return super().send(*args, **options)
