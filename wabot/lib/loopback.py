"""JSON over HTTP to our own processes on this machine: a pooled client with a deadline on every call."""

from __future__ import annotations

import threading
from typing import Any

import requests
from requests.adapters import HTTPAdapter

_CONNECT_TIMEOUT = 1.0
"""Seconds; loopback either answers at once or nobody listens."""


class Unreachable(Exception):
    """No answer: refused, reset or past the deadline. `maybe_arrived` is False only when nothing can have been handed over."""

    def __init__(self, why: str, *, maybe_arrived: bool) -> None:
        super().__init__(why)
        self.maybe_arrived = maybe_arrived


class Problem(Exception):
    """The process answered with an error. `code` is its stable code, `detail` its words."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.detail = detail


class LoopbackClient:
    """`secret` is sent as a bearer token. Safe for threads: each has a session of its own."""

    def __init__(self, base_url: str, secret: str | None = None) -> None:
        self._base_url = base_url
        self._secret = secret
        self._local = threading.local()

    def call(self, method: str, path: str, body: object = None, *, timeout: float, correlation_id: str | None = None) -> Any:
        """The decoded answer, or None for an empty one. Raises Problem (it said no) or Unreachable (no answer)."""
        headers = {"X-Request-ID": correlation_id} if correlation_id else None
        try:
            answer = self._session().request(
                method, self._base_url + path, json=body, headers=headers, timeout=(_CONNECT_TIMEOUT, timeout)
            )
        except requests.exceptions.ConnectTimeout as error:
            raise Unreachable("no connection", maybe_arrived=False) from error
        except requests.exceptions.ConnectionError as error:
            raise Unreachable("connection failed", maybe_arrived="NewConnectionError" not in repr(error)) from error
        except requests.exceptions.RequestException as error:
            raise Unreachable(type(error).__name__, maybe_arrived=True) from error
        return _decoded(answer)

    def alive(self) -> bool:
        """Whether `/healthz` answers, within a second."""
        try:
            self.call("GET", "/healthz", timeout=1.0)
        except (Problem, Unreachable):
            return False
        return True

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = requests.Session()
            session.trust_env = False
            session.mount("http://", HTTPAdapter(pool_connections=1, pool_maxsize=4, max_retries=0))
            if self._secret:
                session.headers["Authorization"] = f"Bearer {self._secret}"
            self._local.session = session
        return session


def _decoded(answer: requests.Response) -> Any:
    try:
        body = answer.json() if answer.content else None
    except ValueError:
        body = None
    if answer.ok:
        return body
    problem = body if isinstance(body, dict) else {}
    raise Problem(answer.status_code, str(problem.get("code", "error")), str(problem.get("detail", "")))
