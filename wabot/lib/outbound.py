"""The only way in which wabot calls addresses that strangers chose (webhooks).

A host is resolved once, with a deadline; if any of its addresses isn't public, nothing is sent. The connection goes to exactly the
addresses that were checked, under the host's name (Host, SNI, certificate). There are no redirects, proxies or cookies, and nothing
is taken from the environment. One deadline covers everything, however slowly an answer arrives; 1 KiB of the answer is read.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util import Url, parse_url

from ..words import N_
from .daemon_pool import DaemonPool
from .deadline_sockets import DeadlineSocket, DeadlineTLSSocket, Late
from .public_addresses import is_canonical, is_numeric, is_public

READ_AT_MOST = 1024
URL_LENGTH = 2048
RESOLVE_SECONDS = 5.0
_RESOLVERS = 64
_PORTS = {"http": 80, "https": 443}

Resolve = Callable[[str, int], list[str]]
"""All addresses of a host, each as text. Raises OSError when there are none."""


class NotAllowed(Exception):
    """The URL may not be called, for a reason that is fit for people."""


class Unreachable(Exception):
    """No answer: not resolved, refused, reset, no valid certificate, or over the deadline; in words fit for people."""


@dataclass(frozen=True)
class Answer:
    """`body`: the first KiB, as text. `retry_after` in seconds, if one was asked for."""

    status: int
    body: str
    retry_after: float | None


def system_resolve(host: str, port: int) -> list[str]:
    return [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


@functools.cache
def _usual_tls() -> ssl.SSLContext:
    """Reading all the authorities takes a while, and they are the same for everybody."""
    return ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)


@dataclass
class Door:
    """`allowed`: hosts, exactly as written in a URL, that may be reached whatever their address. Safe for threads."""

    https_only: bool
    allowed: frozenset[str] = frozenset()
    resolve: Resolve = system_resolve
    tls: ssl.SSLContext = field(default_factory=_usual_tls)
    _pool: DaemonPool = field(default_factory=lambda: DaemonPool(_RESOLVERS, "resolve"))

    def check(self, url: str) -> None:
        """For a URL just typed. A name that doesn't resolve now passes: it is checked at each call. Raises NotAllowed."""
        parts = self._parts(url)
        try:
            self._addresses(url, parts, time.monotonic() + RESOLVE_SECONDS)
        except Unreachable:
            return

    def post(self, url: str, body: bytes, headers: Mapping[str, str], *, timeout: float) -> Answer:
        """Raises NotAllowed, and Unreachable when there is no answer within `timeout` seconds."""
        deadline = time.monotonic() + timeout
        parts = self._parts(url)
        addresses = self._addresses(url, parts, min(deadline, time.monotonic() + RESOLVE_SECONDS))
        with requests.Session() as session:
            session.trust_env = False
            session.headers.clear()
            session.mount(f"{parts.scheme}://", _Adapter(_Pinned(parts.host or "", addresses, deadline), self.tls))
            try:
                with session.post(
                    url, data=body, headers=dict(headers), timeout=timeout, allow_redirects=False, stream=True
                ) as answer:
                    return Answer(answer.status_code, _beginning(answer), _retry_after(answer.headers.get("Retry-After", "")))
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
                raise Unreachable(_words(error, deadline)) from error

    def _resolved(self, host: str, port: int, deadline: float) -> list[str]:
        return self._pool.submit(lambda: self.resolve(host, port)).result(max(0.0, deadline - time.monotonic()))

    def _parts(self, url: str) -> Url:
        """Read by the same parser that requests connects by. Raises NotAllowed."""
        _refuse(len(url) > URL_LENGTH, N_("is longer than 2048 characters"))
        _refuse(
            any(one <= " " or one in '\\"<>^`{|}' or one > "~" for one in url),
            N_("contains characters that don't belong in a URL"),
        )
        try:
            parts = parse_url(url)
        except ValueError as error:
            raise NotAllowed(N_("is not a URL")) from error
        _refuse(
            parts.scheme not in _PORTS,
            N_("must begin with https://") if self.https_only else N_("must begin with https:// or http://"),
        )
        _refuse(self.https_only and parts.scheme != "https", N_("must begin with https://"))
        # As it was written: the parser drops a user name that is empty.
        _refuse("@" in re.split("[/?#]", url.partition("://")[2])[0], N_("may not contain a user name or password"))
        _refuse(not parts.host or "%" in parts.host or parts.port == 0, N_("names no host"))
        host = (parts.host or "").strip("[]")
        _refuse(is_numeric(host) and not is_canonical(host), N_("has an IP address in an unusual form"))
        return parts

    def _addresses(self, url: str, parts: Url, deadline: float) -> list[str]:
        """All of the host's, checked. Raises NotAllowed, and Unreachable when it can't be resolved in time."""
        host = (parts.host or "").strip("[]")
        allowed = bool(_as_written(url) & self.allowed)
        _refuse(
            not allowed and f".{host.rstrip('.')}".endswith(".localhost"),
            N_("leads to this very machine: see /docs/receive for how to receive there"),
        )
        try:
            found = [host] if is_numeric(host) else self._resolved(host, parts.port or _PORTS[parts.scheme or ""], deadline)
        except (OSError, UnicodeError, TimeoutError) as error:
            raise Unreachable(N_("the host's name could not be resolved")) from error
        if not found:
            raise Unreachable(N_("the host's name has no address"))
        _refuse(
            not allowed and not all(map(is_public, found)),
            N_("leads to an address that is not public: see /docs/receive for how to receive there"),
        )
        return found


@dataclass(frozen=True)
class _Pinned:
    """Where a call goes: to `addresses`, for `host`, until `deadline`."""

    host: str
    addresses: list[str]
    deadline: float

    def connect(self, host: str, port: int) -> socket.socket:
        if host.strip("[]") != self.host.strip("[]"):
            raise OSError("another host than the one that was checked")
        return DeadlineSocket.connected(self.addresses, port, self.deadline)


class _Adapter(HTTPAdapter):
    def __init__(self, pinned: _Pinned, tls: ssl.SSLContext) -> None:
        tls.sslsocket_class = DeadlineTLSSocket
        self._pinned, self._tls = pinned, tls
        super().__init__(max_retries=0, pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._tls, **options)
        self.poolmanager.pool_classes_by_scheme = {
            "http": _pool_of(urllib3.HTTPConnectionPool, urllib3.connection.HTTPConnection, self._pinned),
            "https": _pool_of(urllib3.HTTPSConnectionPool, urllib3.connection.HTTPSConnection, self._pinned),
        }

    def cert_verify(self, *_: object) -> None:
        """The context checks certificates; requests would read the whole bundle anew for each call."""


def _pool_of(pool: type, connection: type, pinned: _Pinned) -> type:
    ours = {"_new_conn": lambda self: pinned.connect(self.host, self.port), "response_class": _FinalResponse}
    return type("PinnedPool", (pool,), {"ConnectionCls": type("PinnedConnection", (connection,), ours)})


class _FinalResponse(http.client.HTTPResponse):
    """The answer itself, not one of those that may come before it (RFC 9110, 15.2); the standard library passes over 100 alone."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]  # the standard library's own
            if not 100 < status < 200 or status == http.HTTPStatus.SWITCHING_PROTOCOLS:
                return version, status, reason
            http.client.parse_headers(self.fp)


def _beginning(answer: requests.Response) -> str:
    """What comes of the body within the deadline, up to 1 KiB: the status is known, so a body that drips is no failure."""
    found = b""
    with contextlib.suppress(urllib3.exceptions.HTTPError, OSError, ValueError):
        while len(found) < READ_AT_MOST and (more := answer.raw.read1(READ_AT_MOST - len(found))):
            found += more
    return found[:READ_AT_MOST].decode("utf-8", "replace")


def _retry_after(text: str) -> float | None:
    """Seconds, from seconds or a date (RFC 9110); None for anything else, and for what is over."""
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text[:60]).timestamp() - time.time()) or None
    except (ValueError, OverflowError):
        return None


def _as_written(url: str) -> set[str]:
    """The host as it stands in a URL that was read, an IPv6 address with brackets and without: no case is changed."""
    found = re.match(r"[^:]+://(\[[^\]]*\]|[^/:?#]*)", url)
    return {found[1], found[1].strip("[]")} if found else set()


def _refuse(when: bool, why: str) -> None:
    if when:
        raise NotAllowed(why)


def _words(error: Exception, deadline: float) -> str:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, Late | TimeoutError | urllib3.exceptions.TimeoutError):
            return N_("no answer in time")
        if isinstance(seen, ssl.SSLCertVerificationError):
            return f"its certificate is not valid: {seen.verify_message}"[:200]
        if isinstance(seen, ConnectionRefusedError):
            return N_("the connection was refused")
        seen = seen.__cause__ or seen.__context__
    return N_("no answer in time") if time.monotonic() >= deadline else N_("the connection broke off")
