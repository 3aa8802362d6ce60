"""Receivers of webhooks on loopback: one that answers as told, and some that are slow on purpose."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .waiting import wait_until


@dataclass(frozen=True)
class Received:
    """One request; `answered` is the status it got."""

    path: str
    headers: dict[str, str]
    body: bytes
    answered: int

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass
class Receiver:
    """`answer` decides the status (and headers) of each request; 204 otherwise. `port` 0 chooses a free one."""

    port: int = 0
    requests: list[Received] = field(default_factory=list)
    answer: Callable[[Received], int | tuple[int, dict[str, str]]] = lambda _: 204
    hold: threading.Event | None = None
    """Where set, requests are answered once it is."""
    _server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def start(self) -> Receiver:
        self._server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def taken(self) -> list[Received]:
        """Those that were answered with success."""
        return [one for one in self.requests if 200 <= one.answered < 300]

    def wait_for(self, count: int, timeout: float = 20) -> list[Received]:
        wait_until(lambda: len(self.requests) >= count, timeout, f"{count} requests at the receiver")
        return self.requests


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if receiver.hold:
                receiver.hold.wait(30)
            seen = Received(self.path, {name.lower(): value for name, value in self.headers.items()}, body, 0)
            answer = receiver.answer(seen)
            status, headers = answer if isinstance(answer, tuple) else (answer, {})
            receiver.requests.append(Received(seen.path, seen.headers, body, status))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@contextmanager
def dripping(first: bytes, every: float = 0.05) -> Iterator[int]:
    """A server that answers with `first` and then a byte from time to time, for ever; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        with connection:
            try:
                connection.recv(65536)
                connection.sendall(first)
                while not over.wait(every):
                    connection.sendall(b"x")
            except OSError:
                return  # the other side had enough

    def accept() -> None:
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        listener.close()
