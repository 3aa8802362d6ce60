"""Clients that are slow, on purpose or not: none of them keeps a thread of web for ever, or holds up the others."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from tests.support.impatient import Dial, answered, served, threads
from tests.support.waiting import wait_until
from wabot.lib import client_sockets
from wabot.lib.client_sockets import ClientSocket, TooSlow
from wabot.live import hurry

PARTS = {
    "a head": b"GET /whole HTTP/1.1\r\nHost: wabot\r\nX-Part",
    "a body": b"POST /whole HTTP/1.1\r\nHost: wabot\r\nContent-Length: 100\r\n\r\nbegun",
    "a body in chunks": b"POST /whole HTTP/1.1\r\nHost: wabot\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n",
    "nobody to take the answer": b"GET /big HTTP/1.1\r\nHost: wabot\r\n\r\n",
}


@pytest.fixture(scope="module")
def dial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dial]:
    with served(tmp_path_factory.mktemp("server") / "log") as connect:
        yield connect


@pytest.mark.parametrize("part", PARTS)
def test_half_a_request_keeps_no_thread_for_ever(dial: Dial, part: str) -> None:
    with ExitStack() as open_ones:
        for _ in range(threads):
            open_ones.enter_context(dial()).sendall(PARTS[part])
        assert not answered(dial, 0.3), "all threads are taken"
        wait_until(lambda: answered(dial), 15, "a thread is free")


def test_a_client_that_trickles_is_no_better_off(dial: Dial) -> None:
    with dial() as client:
        client.sendall(PARTS["a head"])
        wait_until(lambda: is_hung_up_on(client), 10, "it is hung up on")


def is_hung_up_on(client: socket.socket) -> bool:
    try:
        client.sendall(b".")
    except OSError:
        return True
    return False


def test_whoever_does_not_hang_up_holds_up_nobody(dial: Dial) -> None:
    began = time.monotonic()
    with ExitStack() as open_ones:
        for _ in range(threads - 1):
            client = open_ones.enter_context(dial())
            client.sendall(b"GET /whole HTTP/1.1\r\nHost: wabot\r\nConnection: close\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
        assert answered(dial)
    assert time.monotonic() - began < 2, "nobody waited until somebody hung up"


def test_a_websocket_has_time_only_once_it_has_joined() -> None:
    ours, theirs = socket.socketpair()
    with ClientSocket.of(ours) as client, theirs:
        environ = {"gunicorn.socket": client}
        hurry(environ, 0.1)
        with pytest.raises(TooSlow):
            client.recv(1)
        hurry(environ, None)
        theirs.sendall(b"!")
        assert client.recv(1) == b"!"
        assert client.gettimeout() is None


def test_what_comes_too_late_is_not_read_any_more() -> None:
    """Or whoever always has the next byte ready would have all the time."""
    ours, theirs = socket.socketpair()
    with ClientSocket.of(ours) as client, theirs:
        theirs.sendall(b"!")
        hurry({"gunicorn.socket": client}, -0.1)
        with pytest.raises(TooSlow):
            client.recv(1)


@pytest.mark.parametrize("then", [None, 60.0], ids=["open", "given up by Socket.IO"])
def test_a_websocket_of_which_nothing_is_heard_any_more_ends(monkeypatch: pytest.MonkeyPatch, then: float | None) -> None:
    """As of a phone that went through a tunnel: the connection may look open for a quarter of an hour, and takes a place."""
    monkeypatch.setattr(client_sockets, "QUIET_SECONDS", 0.2)
    ours, theirs = socket.socketpair()
    with ClientSocket.of(ours) as client, theirs:
        environ = {"gunicorn.socket": client}
        hurry(environ, None)
        meanwhile = threading.Timer(0.05, hurry, [environ, then])
        at_last = threading.Timer(5, theirs.shutdown, [socket.SHUT_RDWR])
        for timer in (meanwhile, at_last):
            timer.start()
        with pytest.raises(TooSlow):
            client.recv(1)
        at_last.cancel()
        meanwhile.join()


def test_a_write_that_waits_leaves_a_read_its_own_time() -> None:
    ours, theirs = socket.socketpair()
    with ClientSocket.of(ours) as client, theirs:
        writer = threading.Thread(target=_write_too_much, args=[client])
        writer.start()
        assert theirs.recv(1), "it has begun, and cannot end"
        client.read_by = time.monotonic() + 0.1
        with pytest.raises(TooSlow):
            client.recv(1)
        client.shutdown(socket.SHUT_RDWR)
        writer.join()


def _write_too_much(client: socket.socket) -> None:
    with suppress(OSError):
        client.sendall(bytes(2**24))


def _drain(peer: socket.socket) -> None:
    while peer.recv(65_536):
        pass


def test_a_frame_is_taken_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_sockets, "TAKE_SECONDS", 0.1)
    ours, theirs = socket.socketpair()
    with ClientSocket.of(ours) as client, theirs:
        with pytest.raises(TooSlow):
            client.send(bytes(2**22))
        theirs.settimeout(5)
        drained = threading.Thread(target=_drain, args=[theirs])
        drained.start()
        assert client.send(bytes(2**22)) == 2**22
        client.shutdown(socket.SHUT_RDWR)
        drained.join()
