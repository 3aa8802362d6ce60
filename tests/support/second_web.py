"""One more web process beside that of a stack, on the same data."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import requests

from wabot.launching import ports

from .stack import ROOT, Stack
from .waiting import wait_until


@contextmanager
def second_web(stack: Stack) -> Iterator[str]:
    """Its address."""
    env = stack.env | {"WABOT_PORT": str(ports.choose_free()), "PUBLIC_URL": stack.url}
    command = [sys.executable, "-m", "gunicorn", "--config", "python:wabot.gunicorn_conf", "wsgi:app"]
    with (stack.data / "logs" / "web2.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{env['WABOT_PORT']}"
        wait_until(lambda: requests.get(f"{url}/readyz", timeout=5).status_code == 200, 30, "the second web process is ready")
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)
