"""What the worker takes for handed over when a call of the gateway breaks: nothing but a refused connection proves that nothing was."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from wabot.lib import gateway as gateways
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.gateway import Gateway, NotHandedOver, Outcome, OutcomeUnknown
from wabot.lib.loopback import LoopbackClient, Problem

RESET = struct.pack("ii", 1, 0)
"""SO_LINGER: closing sends a reset."""


@contextmanager
def listening(meet: Callable[[socket.socket], object]) -> Iterator[str]:
    """The address of one who takes a call and then does that with it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def take() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(65_536)
                meet(connection)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(5)


def sent(url: str) -> list[Outcome]:
    messages: list[dict[str, Any]] = [{"id": one, "to": "+12025550123", "body": one, "wa_message_id": one} for one in "ab"]
    return Gateway(LoopbackClient(url, "secret")).send("s", 1, {"epoch": 1, "until": to_rfc3339(now())}, messages)


def is_killed(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


@pytest.mark.parametrize(
    "meet", [is_killed, lambda _: None, lambda one: one.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")]
)
def test_a_gateway_that_dies_over_a_batch_may_have_handed_all_of_it_over(meet: Callable[[socket.socket], object]) -> None:
    with listening(meet) as url:
        outcomes = sent(url)
    assert [type(one) for one in outcomes] == [OutcomeUnknown, OutcomeUnknown]


def test_a_gateway_that_hangs_may_have_handed_all_of_it_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "BATCH_TIMEOUT", 0.3)
    over = threading.Event()
    with listening(lambda _: over.wait(5)) as url:
        outcomes = sent(url)
        over.set()
    assert [type(one) for one in outcomes] == [OutcomeUnknown, OutcomeUnknown]


def refusing(code: str) -> Callable[[socket.socket], object]:
    body = json.dumps({"status": 404, "code": code, "detail": ""})
    head = f"HTTP/1.1 404 Not Found\r\nContent-Type: application/problem+json\r\nContent-Length: {len(body)}\r\n\r\n"
    return lambda one: one.sendall((head + body).encode())


def test_stopping_what_the_gateway_has_let_go_is_no_fault() -> None:
    with listening(refusing("session_not_found")) as url:
        Gateway(LoopbackClient(url, "secret")).stop("s", 1)
    with listening(refusing("not_found")) as url, pytest.raises(Problem):
        Gateway(LoopbackClient(url, "secret")).stop("s", 1)


def test_a_gateway_that_is_not_there_has_handed_over_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    [outcome] = sent(f"http://127.0.0.1:{port}")
    assert isinstance(outcome, NotHandedOver)
    assert (outcome.code, outcome.permanent) == ("gateway_unavailable", False)
