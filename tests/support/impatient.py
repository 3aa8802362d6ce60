"""web's own gunicorn with short times and a small site, for tests of what its clients do."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wabot import gunicorn_conf
from wabot.gunicorn_conf import Worker
from wabot.launching import ports
from wabot.lib import client_sockets

from .stack import ROOT
from .waiting import wait_until

client_sockets.TAKE_SECONDS = 1.0
client_sockets.READ_SECONDS = 1.0
worker_class = Worker
threads = 6
gunicorn_conf.FEW = 4
keepalive = 5
BIG = 64
"""Pieces of a MiB, more than lies in any buffer."""
SOON = 1.0
"""Seconds in which a server with a free thread has long answered."""
Dial = Callable[[], socket.socket]


def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """`/big` for a big answer; anything else reads the request, and says so or what else is asked for, `/work` after a while."""
    if environ["PATH_INFO"] == "/big":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (bytes(2**20) for _ in range(BIG))
    read = len(environ["wsgi.input"].read())
    if environ["PATH_INFO"] == "/work":
        time.sleep(0.02)
    said = {"/thread": f"thread {threading.get_ident()}", "/echo": f"echo {environ['QUERY_STRING']}"}
    body = f"{said.get(environ['PATH_INFO'], f'read {read}')}\n.".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@contextmanager
def served(log: Path) -> Iterator[Dial]:
    """The site, by so many threads; how to connect to it."""
    port = ports.choose_free()

    def connect() -> socket.socket:
        return socket.create_connection(("127.0.0.1", port), timeout=10)

    with _server(port, log) as server:
        try:
            wait_until(lambda: answered(connect), 20, "it answers")
            yield connect
        finally:
            server.kill()


def _server(port: int, log: Path) -> subprocess.Popen[bytes]:
    gunicorn = [sys.executable, "-m", "gunicorn", "--config", "python:tests.support.impatient", "--bind", f"127.0.0.1:{port}"]
    command = ["setpriv", "--pdeathsig", "TERM", *gunicorn, "tests.support.impatient:site"]
    with log.open("wb") as out:
        return subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)


def answered(connect: Dial, within: float = SOON) -> bool:
    """Whether somebody who asks at this moment gets an answer."""
    try:
        with connect() as client:
            client.settimeout(within)
            client.sendall(b"POST /whole HTTP/1.1\r\nHost: wabot\r\nContent-Length: 4\r\nConnection: close\r\n\r\n1234")
            return b"read 4" in b"".join(iter(lambda: client.recv(1000), b""))
    except OSError:
        return False
