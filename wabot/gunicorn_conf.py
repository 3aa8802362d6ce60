"""How gunicorn serves web: one process, a thread for each connection that is being served.

512 threads, since each websocket keeps one: with 64, 500 websockets starve the server. One process, since the limiter's and
Socket.IO's memory is one process's; more web processes are more wabots behind REDIS_URL.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import threading
from contextlib import suppress
from http import HTTPStatus
from secrets import token_hex
from socket import socket
from types import FrameType
from typing import TYPE_CHECKING, cast

from gunicorn.config import Config
from gunicorn.glogging import Logger
from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.http.parser import RequestParser
from gunicorn.util import close_graceful
from gunicorn.workers.gthread import TConn, ThreadWorker

from .error_codes import CODES
from .launching.parent import end_with
from .lib import processors
from .lib.client_sockets import ClientSocket
from .lib.log import configure, get_logger

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter


FEW = 50
"""Connections, at work or not, that may each have a thread: with more of them they take turns for each request."""
FOLLOWS_SECONDS = 0.01
"""So long a request's thread waits for the next one of its connection, as of a program that sends one message after another."""


class JsonLogger(Logger):
    """gunicorn's own lines in the shape of all others."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        configure("web")
        self.error_log.handlers.clear()
        self.error_log.propagate = True


_REFUSED: list[tuple[type[BaseException], HTTPStatus, str]] = [
    (LimitRequestLine, HTTPStatus.REQUEST_URI_TOO_LONG, "address_too_long"),
    (LimitRequestHeaders, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large"),
    (ExpectationFailed, HTTPStatus.EXPECTATION_FAILED, "malformed_request"),
    (UnsupportedTransferCoding, HTTPStatus.NOT_IMPLEMENTED, "malformed_request"),
    (ParseException, HTTPStatus.BAD_REQUEST, "malformed_request"),
    (BaseException, HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error"),
]


class Worker(ThreadWorker):
    def enqueue_req(self, conn: TConn) -> None:
        if not isinstance(conn.sock, ClientSocket):
            conn.sock = ClientSocket.of(conn.sock)
        super().enqueue_req(conn)

    def handle(self, conn: TConn) -> bool:
        """One request, and those that follow it at once: handed back and forth between this thread and the one that waits for all
        connections, each would cost half as much again."""
        while (kept := self._handle_one(conn)) is True and self._serves_few() and self._is_followed(conn):
            pass
        return kept

    def _serves_few(self) -> bool:
        return self.nr_conns <= FEW

    def _handle_one(self, conn: TConn) -> bool:
        """gunicorn itself would wait for ever for the rest of a request; and for the other side to hang up, two seconds in the thread
        that all connections share."""
        if not isinstance(conn.sock, ClientSocket):
            return super().handle(conn)
        processors.share(self._serves_few())
        conn.sock.begin()
        kept = super().handle(conn)
        try:
            conn.sock.end()
        except OSError:
            kept = False
        if not kept:
            close_graceful(conn.sock)
        return kept

    def _is_followed(self, conn: TConn) -> bool:
        """Also by its end, which whoever reads on sees."""
        if not self.alive or not isinstance(conn.sock, ClientSocket):
            return False
        unreader = cast(RequestParser, conn.parser).unreader
        if unreader.buf.getvalue():
            return True
        data = conn.sock.coming(FOLLOWS_SECONDS)
        if data:
            unreader.unread(data)
        return data is not None

    def handle_error(self, req: object, client: socket, addr: object, exc: BaseException) -> None:  # noqa: ARG002  # gunicorn's
        """What never gets to the application, as a problem like all others. gunicorn's own is HTML, and logs the address with all that
        stands in it."""
        status, code = next((status, code) for kind, status, code in _REFUSED if isinstance(exc, kind))
        request_id = token_hex(12)
        fault = exc if status == HTTPStatus.INTERNAL_SERVER_ERROR else None
        log = get_logger(__name__)
        log.warning("refused", status=int(status), error=type(exc).__name__, correlation_id=request_id, exc_info=fault)
        with suppress(OSError):
            client.sendall(_problem(status, code, request_id))


def _problem(status: HTTPStatus, code: str, request_id: str) -> bytes:
    """A whole answer."""
    document = {"type": f"/docs/errors#{code}", "title": status.phrase, "status": int(status), "detail": CODES[code].meaning}
    body = json.dumps(document | {"code": code, "request_id": request_id}).encode()
    head = f"HTTP/1.1 {int(status)} {status.phrase}\r\nConnection: close\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}X-Request-ID: {request_id}\r\n\r\n".encode() + body


_host = os.environ.get("WABOT_HOST", "127.0.0.1")
bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('WABOT_PORT', '8000')}"
worker_class = Worker
workers = 1  # said here, or WEB_CONCURRENCY would decide
threads = 512
worker_connections = 2000
backlog = 1024
keepalive = 5
timeout = 60
graceful_timeout = 5
preload_app = False
control_socket_disable = True
sendfile = False  # the socket's own waits without end for whoever doesn't take it
proc_name = "wabot-web"

# Keys may stand in an address (/api/send?api_key=…): no access log. The application logs its requests itself, without them.
accesslog = None
logger_class = JsonLogger

# /api/send carries the message in the address.
limit_request_line = 8190

# Only ProxyFix believes a proxy, as TRUSTED_PROXIES says; gunicorn by itself would believe everybody on loopback.
forwarded_allow_ips = ""


def post_fork(_server: Arbiter, worker: ThreadWorker) -> None:
    # A worker that outlives a killed master would keep the port.
    end_with(worker.ppid, signal.SIGKILL)
    _wake_politely()
    processors.choose()


def _wake_politely() -> None:
    """A thread that wakes takes no processor from one that runs: mostly that one holds the interpreter's lock, which the other
    would only wait for. For this process and the threads it starts; with 16 clients it accepts a fifth more (Linux)."""
    try:
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    except (AttributeError, OSError) as error:  # another system, or a container that forbids it: slower, and right
        get_logger(__name__).info("no_batch_scheduling", error=type(error).__name__)


def post_worker_init(_worker: ThreadWorker) -> None:
    _leave_alone_what_is_loaded()
    _close_websockets_at_sigterm()


def _leave_alone_what_is_loaded() -> None:
    """Modules, routes and models stay as long as the process: looking through them all for garbage holds up every request for a
    tenth of a second, at every few thousandth."""
    gc.collect()
    gc.freeze()


def _close_websockets_at_sigterm() -> None:
    """Each is a request in flight, and a stopping gunicorn waits for those."""
    stop = signal.getsignal(signal.SIGTERM)

    def close_and_stop(number: int, frame: FrameType | None) -> None:
        if callable(stop):
            stop(number, frame)
        # Not in the handler itself: it may have interrupted a holder of the locks that closing needs.
        threading.Thread(target=_close_websockets, name="close-websockets", daemon=True).start()

    signal.signal(signal.SIGTERM, close_and_stop)


def _close_websockets() -> None:
    from . import live  # noqa: PLC0415  # the application is loaded after this file

    live.close_all()
