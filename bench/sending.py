"""From the API to the phone, against the library's own `sendMessage` called in a loop in a browser of the same kind."""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.api import Api
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until

from .figures import Figure

MESSAGES = 300
CALLERS = 8


def run(stack: Stack) -> list[Figure]:
    direct = _direct(stack)
    ours = _through_api(stack)
    return [
        Figure("send to the phone: wabot / library alone", ours / direct, "×"),
        Figure("send to the phone: wabot", ours, "a second"),
        Figure("send to the phone: library alone", direct, "a second"),
    ]


def _through_api(stack: Stack) -> float:
    user = Api(stack, "sender").register()
    user.link("+15550900002")
    phone = "+12025500101"
    user.send(phone, "the first, which looks the number up", wait=20)
    started = time.perf_counter()
    with ThreadPoolExecutor(CALLERS) as pool:
        list(pool.map(lambda number: user.send(phone, f"message {number}"), range(MESSAGES)))
    wait_until(lambda: len(stack.sandbox("GET", f"/phones/{phone}/inbox")) > MESSAGES, 300, "all have arrived")
    took = time.perf_counter() - started
    user.disconnect()
    return MESSAGES / took


def _direct(stack: Stack) -> float:
    """Messages a second of the library itself, linked with a virtual phone of its own."""
    command = ["node", "bench/library.mjs", str(MESSAGES)]
    done = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=300, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["per_second"])
