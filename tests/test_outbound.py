"""The door to strangers' addresses: nothing private is reached, however it is written, resolved or redirected."""

from __future__ import annotations

import itertools
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from http.server import HTTPServer
from pathlib import Path

import pytest
from dnslib import QTYPE, RR, A, DNSRecord
from dnslib.server import BaseResolver, DNSServer

from tests.support.receiver import Receiver, _handler, dripping
from wabot.lib.deadline_sockets import DeadlineSocket
from wabot.lib.outbound import Door, NotAllowed, Unreachable

BODY = b"{}"

REFUSED = (
    "http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/", "http://0177.0.0.1/",
    "http://017700000001/", "http://127.0.0.1./", "http://127.000.000.001/", "http://127%2e0.0.1/", "http://0/", "http://0.0.0.0/",
    "http://10.0.0.1/", "http://172.16.5.4/", "http://192.168.1.1/", "http://169.254.169.254/latest/meta-data/",
    "http://100.64.0.1/", "http://192.0.0.1/", "http://192.0.0.9/", "http://198.18.0.1/", "http://192.0.2.1/", "http://192.88.99.1/",
    "http://224.0.0.1/", "http://240.0.0.1/", "http://255.255.255.255/", "http://[::1]/", "http://[::]/", "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/", "http://[::127.0.0.1]/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::808:808]/", "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/", "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "http://[2001::1]/", "http://[2001:db8::1]/",
    "http://[fc00::1]/", "http://[fd12:3456::1]/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fec0::1]/", "http://[ff02::1]/",
    "http://[100::1]/", "http://[3fff::1]/", "http://[5f00::1]/", "http://[2606:4700:0:0::1111]/", "http://localhost/", "http://localhost./",
    "http://LOCALHOST/", "http://user@example.com/", "http://@example.com/", "http://user:pass@example.com/", "http://example.com\\@127.0.0.1/",
    "http://127.0.0.1#@example.com/", "http://①②⑦.⓪.⓪.①/", "http://exa mple.com/", "http://example.com/\r\nX: y", "ftp://example.com/",
    "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com", "http://", "http:///x", "http://example.com:0/",
    "http://example.com:99999/", "http://" + "a" * 2050,
)  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver().start()
    yield running
    running.stop()


@pytest.mark.parametrize("url", REFUSED)
def test_what_may_not_be_called(url: str) -> None:
    door = Door(https_only=False)
    with pytest.raises(NotAllowed):
        door.check(url)
    with pytest.raises(NotAllowed):
        door.post(url, BODY, {}, timeout=2)


@pytest.mark.parametrize("url", ["http://93.184.215.14/", "https://[2606:4700::1111]/", "https://93.184.215.14:8443/a?b=c"])
def test_public_addresses_pass(url: str) -> None:
    Door(https_only=False).check(url)


def test_https_only_in_production() -> None:
    with pytest.raises(NotAllowed, match="https"):
        Door(https_only=True).check("http://93.184.215.14/")
    Door(https_only=True).check("https://93.184.215.14/")


@pytest.mark.parametrize("found", [["127.0.0.1"], ["93.184.215.14", "10.0.0.1"], ["2606:4700::1111", "::1"], ["64:ff9b::a00:1"]])
def test_one_private_address_is_enough_to_refuse(found: list[str]) -> None:
    door = Door(https_only=False, resolve=lambda _host, _port: found)
    with pytest.raises(NotAllowed, match="not public"):
        door.check("http://example.com/")


def test_a_name_that_does_not_resolve_now_is_checked_at_each_call() -> None:
    answers = iter([OSError("no such name"), ["127.0.0.1"]])

    def resolve(host: str, port: int) -> list[str]:
        answer = next(answers)
        if isinstance(answer, OSError):
            raise answer
        return answer

    door = Door(https_only=False, resolve=resolve)
    door.check("http://later.example.com/")
    with pytest.raises(NotAllowed):
        door.post("http://later.example.com/", BODY, {}, timeout=2)


def test_allowed_hosts_are_compared_as_written(receiver: Receiver) -> None:
    door = Door(https_only=False, allowed=frozenset({"127.0.0.1"}))
    assert door.post(receiver.url, BODY, {"X-Own": "yes"}, timeout=5).status == 204
    assert receiver.requests[0].headers["x-own"] == "yes"
    assert receiver.requests[0].headers["host"] == f"127.0.0.1:{receiver.port}"
    for other in ("localhost", "127.1", "[::1]"):
        with pytest.raises(NotAllowed):
            door.check(f"http://{other}:{receiver.port}/")
    named = Door(https_only=False, allowed=frozenset({"box.localhost", "::1"}), resolve=lambda _host, _port: ["127.0.0.1"])
    named.check("http://box.localhost:80/")
    named.check("http://[::1]:80/")
    for other in ("BOX.localhost", "box.localhost.", "localhost", "[::2]"):
        with pytest.raises(NotAllowed):
            named.check(f"http://{other}/")


def test_redirects_are_not_followed(receiver: Receiver) -> None:
    receiver.answer = lambda _: (302, {"Location": "http://127.0.0.1/elsewhere"})
    assert Door(https_only=False, allowed=frozenset({"127.0.0.1"})).post(receiver.url, BODY, {}, timeout=5).status == 302
    assert len(receiver.requests) == 1


class Rebinding(BaseResolver):  # type: ignore[misc]  # dnslib has no types
    """Public at the first question, loopback from then on, with no time to live."""

    def __init__(self) -> None:
        self.answers = itertools.chain(["93.184.215.14"], itertools.repeat("127.0.0.1"))
        self.asked = 0

    def resolve(self, request: DNSRecord, _handler: object) -> DNSRecord:
        self.asked += 1
        reply = request.reply()
        reply.add_answer(RR(request.q.qname, QTYPE.A, rdata=A(next(self.answers)), ttl=0))
        return reply


def test_a_name_that_is_bound_anew_between_check_and_call_reaches_nothing(receiver: Receiver) -> None:
    names = Rebinding()
    server = DNSServer(names, port=0, address="127.0.0.1")
    server.start_thread()
    port = server.server.server_address[1]

    def resolve(host: str, _: int) -> list[str]:
        answer = DNSRecord.parse(DNSRecord.question(host).send("127.0.0.1", port, timeout=5))
        return [str(one.rdata) for one in answer.rr]

    door = Door(https_only=False, resolve=resolve)
    door.check(f"http://rebind.example.com:{receiver.port}/")
    with pytest.raises(NotAllowed):
        door.post(f"http://rebind.example.com:{receiver.port}/", BODY, {}, timeout=5)
    server.stop()
    server.server.server_close()
    assert (names.asked, receiver.requests) == (2, [])


def test_the_call_goes_to_the_address_that_was_checked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolved once; the name itself is nowhere looked up again, but stands in Host."""
    monkeypatch.setattr("wabot.lib.outbound.is_public", lambda address: address == "127.0.0.1")
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    answer = Door(https_only=False, resolve=resolve).post(f"http://no.such.name.invalid:{receiver.port}/", BODY, {}, timeout=5)
    assert (answer.status, asked) == (204, ["no.such.name.invalid"])
    assert receiver.requests[0].headers["host"] == f"no.such.name.invalid:{receiver.port}"


@pytest.mark.parametrize(
    ("answers", "status"),
    [
        (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", 500),
        (b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", 101),
    ],
)
def test_what_comes_before_the_answer_is_not_the_answer(answers: bytes, status: int) -> None:
    door = Door(https_only=False, allowed=frozenset({"127.0.0.1"}))
    with dripping(answers) as port:
        assert door.post(f"http://127.0.0.1:{port}/", BODY, {}, timeout=5).status == status


def test_hints_without_end_are_no_answer() -> None:
    door = Door(https_only=False, allowed=frozenset({"127.0.0.1"}))
    with dripping(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100) as port, pytest.raises(Unreachable, match="no answer in time"):
        door.post(f"http://127.0.0.1:{port}/", BODY, {}, timeout=0.5)


@pytest.mark.parametrize(
    ("first", "status"),
    [(b"", None), (b"HTTP/1.1 200 OK\r\nX-Slow: ", None), (b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200)],
)
def test_a_dripping_answer_ends_at_the_deadline(first: bytes, status: int | None) -> None:
    door = Door(https_only=False, allowed=frozenset({"127.0.0.1"}))
    started = time.monotonic()
    with dripping(first) as port:
        if status is None:
            with pytest.raises(Unreachable, match="no answer in time"):
                door.post(f"http://127.0.0.1:{port}/", BODY, {}, timeout=0.5)
        else:
            assert door.post(f"http://127.0.0.1:{port}/", BODY, {}, timeout=0.5).status == status
    assert 0.4 < time.monotonic() - started < 2


def test_an_address_that_does_not_answer_leaves_time_for_the_next(receiver: Receiver) -> None:
    with socket.socket() as mute, socket.socket() as first, socket.socket() as second:
        mute.bind(("127.0.0.2", receiver.port))
        mute.listen(0)
        for one in (first, second):  # its queue is full: further ones are left without an answer
            one.setblocking(False)
            one.connect_ex(("127.0.0.2", receiver.port))
        started = time.monotonic()
        with DeadlineSocket.connected(["127.0.0.2", "127.0.0.1"], receiver.port, started + 2) as reached:
            assert reached.getpeername()[0] == "127.0.0.1"
        assert 0.9 < time.monotonic() - started < 1.9


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("in an hour", 3600),
        (formatdate(0, usegmt=True), None),
        ("soon", None),
        ("-5", None),
        ("9" * 30, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(receiver: Receiver, told: str, seconds: float | None) -> None:
    if told == "in an hour":  # from now on, not from when the tests were collected
        told = formatdate(time.time() + 3600, usegmt=True)
    receiver.answer = lambda _: (503, {"Retry-After": told})
    answer = Door(https_only=False, allowed=frozenset({"127.0.0.1"})).post(receiver.url, BODY, {}, timeout=5)
    assert answer.retry_after == (seconds and pytest.approx(seconds, abs=120))


def test_a_resolver_that_hangs_ends_at_the_deadline() -> None:
    over = threading.Event()
    door = Door(https_only=False, resolve=lambda _host, _port: [str(over.wait(10))])
    started = time.monotonic()
    with pytest.raises(Unreachable, match="resolved"):
        door.post("http://example.com/", BODY, {}, timeout=0.5)
    assert time.monotonic() - started < 2
    over.set()


def test_at_most_one_kibibyte_of_the_answer_is_read() -> None:
    with dripping(b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * 500_000, every=9) as port:
        answer = Door(https_only=False, allowed=frozenset({"127.0.0.1"})).post(f"http://127.0.0.1:{port}/", BODY, {}, timeout=5)
    assert answer.body == "a" * 1024


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of secure.example.com, with its key."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=secure.example.com", "-addext", "subjectAltName=DNS:secure.example.com", "-keyout", path, "-out", f"{path}.crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def test_certificates_are_checked_for_the_host_that_was_asked(certificate: Path) -> None:
    receiver = Receiver()
    server = HTTPServer(("127.0.0.1", 0), _handler(receiver))
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    allowed = frozenset({"secure.example.com", "other.example.com"})
    trusting = ssl.create_default_context(cafile=f"{certificate}.crt")
    door = Door(https_only=True, allowed=allowed, resolve=lambda _host, _port: ["127.0.0.1"], tls=trusting)
    assert door.post(f"https://secure.example.com:{server.server_port}/", BODY, {}, timeout=5).status == 204
    with pytest.raises(Unreachable, match="certificate"):
        door.post(f"https://other.example.com:{server.server_port}/", BODY, {}, timeout=5)
    strict = Door(https_only=True, allowed=allowed, resolve=lambda _host, _port: ["127.0.0.1"])
    with pytest.raises(Unreachable, match="certificate"):
        strict.post(f"https://secure.example.com:{server.server_port}/", BODY, {}, timeout=5)
    server.shutdown()
    server.server_close()
