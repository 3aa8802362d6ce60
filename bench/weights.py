"""What a connected session weighs, how soon its QR is there and how soon it is back after a kill, beside the bare library.

The library runs twice: with the gateway's own browser flags, and with those it has by itself (the full browser, `new`
headless). A page of the browser's program is shared by all browsers on the machine: let no other run meanwhile.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass

import requests

from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.waiting import poll, wait_until

from . import memory
from .bare_sessions import BareSession
from .figures import Figure

COUNTS = (1, 3, 5)
_LOOK_SECONDS = 0.005


@dataclass(frozen=True)
class Weights:
    """MB a session by the number of sessions, milliseconds to the QR, seconds from a kill to connected."""

    mb: dict[int, float]
    qr_ms: float
    back_s: float


def run(stack: Stack) -> list[Figure]:
    ours = _ours(stack)
    same = _bare(stack, "ours")
    default = _bare(stack, "default")
    return [*_memory(ours, same, default), *_times(ours, same, default)]


def _memory(ours: Weights, same: Weights, default: Weights) -> list[Figure]:
    figures = []
    for count in COUNTS:
        name = f"memory a session, {count} session{'s' if count > 1 else ''}"
        figures += [
            Figure(f"{name}: wabot / library, same flags", ours.mb[count] / same.mb[count], "×"),
            Figure(f"{name}: wabot / library, its flags", ours.mb[count] / default.mb[count], "×"),
            Figure(f"{name}: wabot", ours.mb[count], "MB"),
            Figure(f"{name}: library, same flags", same.mb[count], "MB"),
            Figure(f"{name}: library, its flags", default.mb[count], "MB"),
        ]
    return figures


def _times(ours: Weights, same: Weights, default: Weights) -> list[Figure]:
    return [
        Figure("QR: wabot over the API / library, same flags", ours.qr_ms / same.qr_ms, "×"),
        Figure("QR: wabot over the API", ours.qr_ms, "ms"),
        Figure("QR: library, same flags", same.qr_ms, "ms"),
        Figure("QR: library, its flags", default.qr_ms, "ms"),
        Figure("killed, connected again: wabot / library, same flags", ours.back_s / same.back_s, "×"),
        Figure("killed, connected again: wabot", ours.back_s, "s"),
        Figure("killed, connected again: library, same flags", same.back_s, "s"),
        Figure("killed, connected again: library, its flags", default.back_s, "s"),
    ]


def _bare(stack: Stack, browser: str) -> Weights:
    sessions: list[BareSession] = []
    qr, mb, back = [], {}, 0.0
    try:
        for count in range(1, COUNTS[-1] + 1):
            sessions.append(BareSession(stack, count, browser))
            qr.append(sessions[-1].linked())
            if count == 1:
                back = sessions[0].come_back()
            if count in COUNTS:
                mb[count] = memory.steady(lambda: sum(one.mb for one in sessions)) / count
    finally:
        for session in sessions:
            session.end()
    return Weights(mb, statistics.median(qr), back)


def _ours(stack: Stack) -> Weights:
    user = Api(stack, "weights").register()
    names = [f"w{number}" for number in range(1, COUNTS[-1] + 1)]
    qr, mb, back = [], {}, 0.0
    try:
        for count, name in enumerate(names, 1):
            qr.append(_link(stack, user, name, f"+1555090{count:04}"))
            if count == 1:
                back = _come_back(stack, user, name)
            if count in COUNTS:
                mb[count] = memory.steady(lambda: _mb(stack)) / count
    finally:
        for name in names[: len(qr)]:
            user.disconnect(name)
    return Weights(mb, statistics.median(qr), back)


def _link(stack: Stack, user: Api, session: str, phone: str) -> float:
    """Milliseconds from asking for the session until the QR can be had."""
    stack.sandbox("PUT", f"/phones/{phone}", name="Weights")
    started = time.perf_counter()
    user.initialize(session, network="sandbox")
    while user.get("/api/whatsapp/qr", params={"session": session}).status_code != 200:
        assert time.perf_counter() - started < 20, f"no QR: {user.status(session)}"
        poll(_LOOK_SECONDS)
    took = (time.perf_counter() - started) * 1000
    user.scan(phone, session)
    user.wait_for_status("connected", session)
    return took


def _come_back(stack: Stack, user: Api, session: str) -> float:
    """Seconds from the gateway's death until the session is connected again."""
    before = user.status(session)["since"]
    stack.kill("gateway")
    started = time.perf_counter()

    def back() -> bool:
        now = user.status(session)
        return bool(now["status"] == "connected" and now["since"] != before)

    wait_until(back, 60, "connected again")
    return time.perf_counter() - started


def _mb(stack: Stack) -> float:
    """The hosts that run the sessions, and all their browsers."""
    hosts = requests.get(f"{stack.gateway_url}/healthz", timeout=5).json()["hosts"]
    return memory.pss_mb([*(host["pid"] for host in hosts), *memory.browser_pids(stack.data)])
