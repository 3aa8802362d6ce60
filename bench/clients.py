"""HTTP clients that cost next to nothing, so that what is measured is the server: one process, a kept connection for each client.

`python -m bench.clients` reads {host, port, requests: [hex], clients, calls} from its standard input and prints {started, rate, cpu_ms, took: [ms]}.
Each client sends a request, waits for its answer and sends the next; a status other than 2xx ends it all.
"""

from __future__ import annotations

import json
import resource
import select
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.support.stack import ROOT

_DEADLINE = 120.0
_CHUNK = 65_536


@dataclass(frozen=True)
class Timing:
    """`rate`: calls a second over all clients; `p50`, `p99`: milliseconds of one call; `cpu_ms`: what the clients took for one;
    `started`: when the first was made, seconds since 1970."""

    started: float
    rate: float
    p50: float
    p99: float
    cpu_ms: float


@dataclass(frozen=True)
class Call:
    """A request for all clients; `%d` in `body` becomes the call's number."""

    method: str
    url: str
    headers: dict[str, str]
    body: str = ""

    def as_bytes(self, number: int) -> bytes:
        address = urlsplit(self.url)
        body = self.body.replace("%d", str(number)).encode()
        headers = {"Host": address.netloc, "Content-Type": "application/json", "Content-Length": str(len(body)), **self.headers}
        lines = [
            f"{self.method} {address.path}{'?' if address.query else ''}{address.query} HTTP/1.1",
            *(f"{name}: {value}" for name, value in headers.items()),
            "",
            "",
        ]
        return "\r\n".join(lines).encode() + body


def timed(call: Call, *, clients: int, calls: int, warm: int = 4) -> Timing:
    """`warm`: so many calls of each client first, which count for nothing."""
    if warm:
        _run(call, clients, warm * clients)
    answer = _run(call, clients, calls)
    took = sorted(answer["took"])
    return Timing(answer["started"], answer["rate"], statistics.median(took), took[int(len(took) * 0.99)], answer["cpu_ms"])


def _run(call: Call, clients: int, calls: int) -> dict[str, Any]:
    address = urlsplit(call.url)
    requests = [call.as_bytes(number).hex() for number in range(calls)]
    order = {"host": address.hostname, "port": address.port, "requests": requests, "clients": clients}
    command = [sys.executable, "-m", "bench.clients"]
    done = subprocess.run(
        command, cwd=ROOT, input=json.dumps(order), capture_output=True, text=True, timeout=_DEADLINE + 30, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


class _Clients:
    """`requests` in their order, by whichever client is free."""

    def __init__(self, address: tuple[str, int], requests: list[bytes], count: int) -> None:
        self._requests = iter(requests)
        self._poll = select.epoll()
        self._sockets = [socket.create_connection(address, 10) for _ in range(count)]
        self._received = {one.fileno(): b"" for one in self._sockets}
        self._started: dict[int, float] = {}
        self._by_number = {one.fileno(): one for one in self._sockets}
        self.took: list[float] = []

    def run(self) -> None:
        for one in self._sockets:
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._poll.register(one.fileno(), select.EPOLLIN)
            self._next(one)
        while self._started:
            ready = self._poll.poll(_DEADLINE)
            if not ready:
                raise TimeoutError("no answer")
            for number, _ in ready:
                self._hear(self._by_number[number])

    def _next(self, one: socket.socket) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._started[one.fileno()] = time.perf_counter()
            one.sendall(request)

    def _hear(self, one: socket.socket) -> None:
        number = one.fileno()
        text = self._received[number] + one.recv(_CHUNK)
        if not text:
            raise ConnectionError("the server hung up")
        self._received[number] = text
        if _is_whole(text):
            self.took.append((time.perf_counter() - self._started.pop(number)) * 1000)
            self._received[number] = b""
            self._next(one)


def _is_whole(text: bytes) -> bool:
    head, end, body = text.partition(b"\r\n\r\n")
    if not end:
        return False
    if not head.startswith(b"HTTP/1.1 2"):
        raise AssertionError(text[:1000])
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)


def _main() -> None:
    order = json.load(sys.stdin)
    requests = [bytes.fromhex(one) for one in order["requests"]]
    clients = _Clients((order["host"], order["port"]), requests, order["clients"])
    began = time.time()
    used, started = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter()
    clients.run()
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF)
    cpu = after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime
    print(
        json.dumps(
            {"started": began, "rate": len(requests) / seconds, "cpu_ms": cpu / len(requests) * 1000, "took": clients.took}
        )
    )


if __name__ == "__main__":
    _main()
