"""web's own gunicorn with short times and a site of two answers, for tests of clients that are too slow."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from wabot import gunicorn_conf
from wabot.gunicorn_conf import Worker
from wabot.lib import client_sockets

client_sockets.TAKE_SECONDS = 1.0
setattr(gunicorn_conf, "READ_SECONDS", 1.0)  # noqa: B010  # it has the name from there
worker_class = Worker
threads = 6
keepalive = 5
BIG = 64
"""Pieces of a MiB, more than lies in any buffer."""


def site(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """`/big` for a big answer; anything else reads the request, and says so."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/big":
        return (bytes(2**20) for _ in range(BIG))
    return [b"read %d" % len(environ["wsgi.input"].read())]
