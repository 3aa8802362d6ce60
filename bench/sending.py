"""From the API to the phone, against the library's own `sendMessage` called in a loop in a browser of the same kind.

Pacing is off (it never holds in the sandbox). Arrivals are counted at the virtual phone, whose own clock says when the last came.
"""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from typing import Any

from tests.support.api import Api
from tests.support.stack import ROOT, Stack
from tests.support.waiting import poll

from . import processor, store
from .clients import Call, Timing, timed
from .figures import Figure

MESSAGES = 2000
CLIENTS = 16
PHONE = "+12025500101"
_ARRIVED_WITHIN = 300
_LOOK_SECONDS = 1.0


def run(stack: Stack) -> list[Figure]:
    direct = _direct(stack)
    user = Api(stack, "sender").register()
    user.link("+15550900002")
    user.send(PHONE, "the first, which looks the number up", wait=20)
    before, commands = processor.used(stack), store.commands(stack)
    accepting, rate = _through_api(stack, user)
    _until_told(user)
    after, now = processor.used(stack), store.commands(stack)
    user.disconnect()
    return [
        Figure(f"send {MESSAGES} to the phone: wabot / library alone", rate / direct, "×"),
        Figure("send to the phone: wabot", rate, "a second"),
        Figure("send to the phone: library alone", direct, "a second"),
        Figure(f"send to the phone: accepted meanwhile, {CLIENTS} clients", accepting.rate, "a second"),
        *(_each(f"{name}s given to the store", now[name] - commands[name], "a message") for name in (*store.WRITES, "query")),
        _each("writes given to the store", sum(now[name] - commands[name] for name in store.WRITES), "a message"),
        *(_each(f"processor time, {name}", after[name] - before[name], "ms a message") for name in sorted(after)),
        Figure("send to the phone: processor time, clients", accepting.cpu_ms, "ms a message"),
        _each("processor time, all of wabot", (after - before).total(), "ms a message"),
    ]


def _each(name: str, amount: float, unit: str) -> Figure:
    return Figure(f"send to the phone: {name}", amount / MESSAGES, unit)


def _through_api(stack: Stack, user: Api) -> tuple[Timing, float]:
    """How they were accepted, and how many a second came to the phone, from the first request to the last arrival."""
    body = json.dumps({"to": PHONE, "message": "message %d"})
    call = Call("POST", f"{stack.url}/api/messages/send", {"Authorization": f"Bearer {user.token}"}, body)
    accepting = timed(call, clients=CLIENTS, calls=MESSAGES, warm=0)
    for _ in range(_ARRIVED_WITHIN):
        arrived: list[dict[str, Any]] = stack.sandbox("GET", f"/phones/{PHONE}/inbox")
        if len(arrived) > MESSAGES:
            break
        poll(_LOOK_SECONDS)
    assert len({one["body"] for one in arrived}) == len(arrived) == MESSAGES + 1, f"{len(arrived)} arrived"
    last = max(datetime.fromisoformat(one["at"]).timestamp() for one in arrived)
    return accepting, MESSAGES / (last - accepting.started)


def _until_told(user: Api) -> None:
    """The last ticks are stored."""
    newest = user.get("/api/messages", params={"limit": 1}).json()["items"][0]
    user.wait_for_message(newest["id"], "delivered")


def _direct(stack: Stack) -> float:
    """Messages a second of the library itself, linked with a virtual phone of its own."""
    command = ["node", "bench/library.mjs", str(MESSAGES)]
    done = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=300, check=True)
    return float(json.loads(done.stdout.splitlines()[-1])["per_second"])
