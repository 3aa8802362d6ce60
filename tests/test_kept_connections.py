"""Connections that bring one request after another: each is answered in its turn, and none of them keeps the others waiting."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from queue import SimpleQueue

import pytest

from tests.support.impatient import Dial, answered, served, threads
from wabot.lib import passwords, processors
from wabot.lib.client_sockets import ClientSocket

WHO = b"GET /thread HTTP/1.1\r\nHost: wabot\r\n\r\n"
WORK = b"GET /work HTTP/1.1\r\nHost: wabot\r\n\r\n"


@pytest.fixture(scope="module")
def dial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dial]:
    with served(tmp_path_factory.mktemp("server") / "log") as connect:
        yield connect


@pytest.fixture
def pair() -> Iterator[tuple[ClientSocket, socket.socket]]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    with ClientSocket.of(ours) as client, theirs:
        yield client, theirs


def _answers(client: socket.socket, count: int) -> list[bytes]:
    """The bodies, which are all of two characters and more, and end a line."""
    client.settimeout(5)
    text = b""
    while text.count(b"\n.") < count:
        text += client.recv(65_536)
    return [one.rpartition(b"\r\n")[2] for one in text.split(b"\n.")[:count]]


def test_what_follows_at_once_is_answered_by_the_same_thread(dial: Dial) -> None:
    with dial() as client:
        answers = set()
        for _ in range(20):
            client.sendall(WHO)
            answers.update(_answers(client, 1))
    assert len(answers) == 1


def test_what_came_together_is_answered_in_its_order(dial: Dial) -> None:
    asked = [b"GET /echo?%d HTTP/1.1\r\nHost: wabot\r\n\r\n" % number for number in range(30)]
    with dial() as client:
        client.sendall(b"".join(asked))
        assert _answers(client, 30) == [b"echo %d" % number for number in range(30)]


def test_what_follows_after_a_while_is_answered_too(dial: Dial) -> None:
    with dial() as client, dial() as other:
        client.sendall(WHO)
        _answers(client, 1)
        other.sendall(WORK * 3)  # longer than a thread waits for what follows
        _answers(other, 3)
        client.sendall(WHO)
        assert _answers(client, 1)


def test_connections_without_end_leave_threads_for_others(dial: Dial) -> None:
    with ExitStack() as open_ones:
        for _ in range(threads):
            open_ones.enter_context(dial()).sendall(WORK * 200)
        assert answered(dial)


def test_a_head_waits_for_its_body(pair: tuple[ClientSocket, socket.socket]) -> None:
    client, theirs = pair
    client.begin()
    client.sendall(b"head ")
    assert not select.select([theirs], [], [], 0)[0]
    client.sendall(b"body")
    assert theirs.recv(100) == b"head body"
    client.sendall(b" and more")
    assert theirs.recv(100) == b" and more"


def test_nothing_overtakes_a_head_that_waits(pair: tuple[ClientSocket, socket.socket]) -> None:
    client, theirs = pair
    client.begin()
    client.send(b"at once ")
    assert theirs.recv(100) == b"at once "
    client.sendall(b"head ")
    client.send(b"and on")
    assert theirs.recv(100) == b"head and on"


def test_an_answer_that_is_a_head_alone_is_sent(dial: Dial) -> None:
    with dial() as client:
        client.settimeout(5)
        for _ in range(2):
            client.sendall(b"HEAD /whole HTTP/1.1\r\nHost: wabot\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200")


def test_a_head_alone_goes_at_the_end(pair: tuple[ClientSocket, socket.socket]) -> None:
    client, theirs = pair
    client.begin()
    client.sendall(b"head")
    client.end()
    assert theirs.recv(100) == b"head"


def test_a_read_with_a_time_of_its_own_keeps_to_it(pair: tuple[ClientSocket, socket.socket]) -> None:
    client, theirs = pair
    client.begin()
    client.settimeout(0.05)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(None)
    theirs.sendall(b"!")
    assert client.recv(1) == b"!"


def test_whoever_has_hung_up_is_not_waited_for(pair: tuple[ClientSocket, socket.socket]) -> None:
    client, theirs = pair
    assert client.coming(0.01) is None
    theirs.close()
    began = time.monotonic()
    assert client.coming(5) == b""
    assert time.monotonic() - began < 2


def test_threads_share_a_processor_and_hashes_may_go_anywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    everywhere = os.sched_getaffinity(0)
    if len(everywhere) == 1:
        pytest.skip("there is only one")
    monkeypatch.setattr(processors, "_all", set())
    monkeypatch.setattr(processors, "_one", set())
    seen: SimpleQueue[set[int]] = SimpleQueue()
    monkeypatch.setattr(passwords, "check_password_hash", lambda *_: seen.put(os.sched_getaffinity(0)))

    def work() -> None:
        processors.choose()
        processors.share(True)
        seen.put(os.sched_getaffinity(0))
        passwords.verify_password(None, "of nobody")
        seen.put(os.sched_getaffinity(0))
        processors.share(False)
        seen.put(os.sched_getaffinity(0))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    one, hashing, after, at_last = (seen.get() for _ in range(4))
    assert len(one) == 1
    assert hashing == at_last == everywhere
    assert after == one
    assert os.sched_getaffinity(0) == everywhere, "this thread was not meant"
