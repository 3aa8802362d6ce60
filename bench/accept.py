"""How fast messages are accepted (validated, authorised, durably stored), against a bare Flask route with one insert."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path

import requests

from tests.support.api import Api
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until
from wabot.launching import ports

from .figures import Figure, Timing, timed

CALLS = 400
BODY = {"to": "+12025500100", "message": "The quick brown fox jumps over the lazy dog."}


def run(stack: Stack) -> list[Figure]:
    user = Api(stack, "bench").register()
    user.link("+15550900001")
    stack.supervisorctl("stop", "worker")  # accepting is measured, not sending
    try:
        return [figure for callers in (1, 16) for figure in _compare(stack, user, callers)]
    finally:
        stack.supervisorctl("start", "worker")
        user.disconnect()


def _compare(stack: Stack, user: Api, callers: int) -> list[Figure]:
    ours = timed(
        _Poster(f"{stack.url}/api/messages/send", {"Authorization": f"Bearer {user.token}"}), calls=CALLS, callers=callers
    )
    bare = _bare(stack, callers)
    name = f"accept, {callers} client{'s' if callers > 1 else ''}"
    return [
        Figure(f"{name}: wabot / bare route", ours.rate / bare.rate, "×"),
        Figure(f"{name}: wabot", ours.rate, "a second"),
        Figure(f"{name}: wabot p50", ours.p50, "ms"),
        Figure(f"{name}: wabot p99", ours.p99, "ms"),
        Figure(f"{name}: bare route", bare.rate, "a second"),
    ]


def _bare(stack: Stack, callers: int) -> Timing:
    port = ports.choose_free()
    python = Path(ROOT / ".venv/bin/python")
    command = [
        str(python),
        "-m",
        "gunicorn",
        "--config",
        "python:wabot.gunicorn_conf",
        "--bind",
        f"127.0.0.1:{port}",
        "bench.bare:app",
    ]
    process = subprocess.Popen(command, cwd=ROOT, env=stack.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}/insert"
    try:
        wait_until(lambda: requests.post(url, json={}, timeout=5).status_code == 202, 20, "the bare route answers")
        return timed(_Poster(url, {}), calls=CALLS, callers=callers)
    finally:
        process.terminate()
        process.wait(20)


class _Poster:
    """Posts, with a connection for each thread."""

    def __init__(self, url: str, headers: dict[str, str]) -> None:
        self._url, self._headers, self._local = url, headers, threading.local()

    def __call__(self, number: int) -> None:
        session: requests.Session = getattr(self._local, "session", None) or requests.Session()
        self._local.session = session
        answer = session.post(
            self._url, json={**BODY, "message": f"{BODY['message']} {number}"}, headers=self._headers, timeout=60
        )
        answer.raise_for_status()
