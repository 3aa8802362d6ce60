"""How fast messages are accepted (validated, authorised, durably stored), against a bare Flask route with one insert.

Both are served by the same gunicorn settings on the same store and called by the same clients; and the bare one also as gunicorn itself
serves it, by its own `gthread`. Nothing is sent meanwhile: the session is linked, but WhatsApp can't be reached (`reconnecting`), so that
messages are taken and wait.

What the ratio is depends on the disk. wabot's callers share a flush and the bare route's don't: where one takes 2 ms, wabot accepts
twice as many as the bare route; where one takes next to nothing, the bare route's less work shows.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from tests.support.api import Api
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until
from wabot.launching import ports

from . import disk, long_log, store
from .clients import Call, Timing, timed
from .figures import Figure

CALLS = {1: 400, 16: 2000}
"""By the number of clients."""
ROUNDS = 2
OURS = ["--config", "python:wabot.gunicorn_conf"]
GUNICORNS = ["--worker-class", "gthread", "--threads", "16"]
BODY = json.dumps({"to": "+12025500100", "message": "The quick brown fox jumps over the lazy dog. %d"})


def run(stack: Stack) -> list[Figure]:
    user = Api(stack, "bench").register()
    user.link("+15550900001")
    stack.sandbox("PUT", "/faults", drop_socket=True, refuse_connections=True)
    user.wait_for_status("reconnecting")
    call = Call("POST", f"{stack.url}/api/messages/send", {"Authorization": f"Bearer {user.token}"}, BODY)
    try:
        with _bare(stack, *OURS) as bare, _bare(stack, *GUNICORNS) as plain:
            figures = [figure for clients in CALLS for figure in _compare(call, bare, plain, clients)]
        figures.append(Figure("accept: a flush of this disk, p50", disk.flush_ms(stack.data), "ms"))
        return figures + long_log.run(stack, user, call)
    finally:
        store.forget_queue(stack, str(user.get("/api/auth/me").json()["user"]["id"]))
        stack.sandbox("PUT", "/faults", refuse_connections=False)
        user.wait_for_status("connected")
        user.disconnect()


def _compare(call: Call, bare: Call, plain: Call, clients: int) -> list[Figure]:
    """In turns, so that all get the same share of whatever else the machine does."""
    rounds = [[_timed(one, clients) for one in (call, bare, plain)] for _ in range(ROUNDS)]
    ours, theirs, gunicorns = ([one[side] for one in rounds] for side in range(3))
    name = f"accept, {clients} client{'s' if clients > 1 else ''}"
    return [
        Figure(f"{name}: wabot / bare route", _rate(ours) / _rate(theirs), "×"),
        Figure(f"{name}: wabot / bare route in gunicorn's own worker", _rate(ours) / _rate(gunicorns), "×"),
        Figure(f"{name}: wabot", _rate(ours), "a second"),
        Figure(f"{name}: bare route", _rate(theirs), "a second"),
        Figure(f"{name}: bare route in gunicorn's own worker", _rate(gunicorns), "a second"),
        Figure(f"{name}: wabot p50", min(one.p50 for one in ours), "ms"),
        Figure(f"{name}: wabot p99", min(one.p99 for one in ours), "ms"),
        Figure(f"{name}: bare route p50", min(one.p50 for one in theirs), "ms"),
        Figure(f"{name}: bare route p99", min(one.p99 for one in theirs), "ms"),
        Figure(f"{name}: processor time of the clients", ours[-1].cpu_ms, "ms a call"),
    ]


def _timed(call: Call, clients: int) -> Timing:
    return timed(call, clients=clients, calls=CALLS[clients])


def _rate(timings: list[Timing]) -> float:
    return sum(one.rate for one in timings) / len(timings)


@contextmanager
def _bare(stack: Stack, *settings: str) -> Iterator[Call]:
    address = f"127.0.0.1:{ports.choose_free()}"
    process = subprocess.Popen(
        [ROOT / ".venv/bin/python", "-m", "gunicorn", *settings, "--bind", address, "bench.bare:app"],
        cwd=ROOT, env=stack.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    url = f"http://{address}/insert"
    try:
        wait_until(lambda: requests.post(url, json={}, timeout=5).status_code == 202, 20, "the bare route answers")
        yield Call("POST", url, {}, BODY)
    finally:
        process.terminate()
        process.wait(20)
