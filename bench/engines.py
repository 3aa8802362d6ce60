"""The engines side by side, over the running gateway: what a session weighs, how soon its QR is there, how soon sessions are back
after the gateway's death, and how quickly messages go out one after the other. And how many light sessions one gateway carries.

LIGHT_SESSIONS (50) says how many of those; the more, the longer: linking one takes a second.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import requests

from tests.support.stack import Stack
from tests.support.waiting import poll, wait_until
from wabot.lib.clock import now, to_rfc3339

from . import memory
from .figures import Figure

ENGINES = ("webjs", "baileys")
SESSIONS = 3
MESSAGES = 300
PHONE = "+12025500101"
_LOOK_SECONDS = 0.01
_LINKING = 4
_STARTS = 25
_BACK_WITHIN = 120


@dataclass
class Gateway:
    """The gateway as the worker drives it. Its sessions are nobody's: the worker, which would end them, is stopped meanwhile."""

    stack: Stack
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(1, 10_000)))

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        secret = (self.stack.data / "secrets" / "gateway_secret").read_text().strip()
        answer = requests.request(
            method, self.stack.gateway_url + path, json=body, headers={"Authorization": f"Bearer {secret}"}, timeout=90
        )
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def start(self, session: str, engine: str, epoch: int = 1) -> dict[str, Any]:
        order = {"engine": engine, "network": "sandbox", "method": "qr", "phone": None, "epoch": epoch}
        return self.call("PUT", f"/sessions/{session}", order)

    def link(self, session: str, engine: str, phone: str) -> float:
        """Milliseconds to the QR."""
        self.stack.sandbox("PUT", f"/phones/{phone}", name="Bench")
        started = time.perf_counter()
        found = self.start(session, engine)
        while found["status"] != "qr":
            assert time.perf_counter() - started < 60, found
            poll(_LOOK_SECONDS)
            found = self.call("GET", f"/sessions/{session}")
        took = (time.perf_counter() - started) * 1000
        self.stack.sandbox("POST", f"/phones/{phone}/scan", qr=found["qr"])
        wait_until(lambda: self.call("GET", f"/sessions/{session}")["status"] == "connected", 60, f"{session} is connected")
        return took

    def send(self, session: str, to: str, text: str) -> float:
        """Seconds until WhatsApp has it."""
        number = next(self.numbers)
        message = {"id": f"b{number}", "to": to, "body": text, "wa_message_id": f"3EB0{number:018X}", "correlation_id": "bench"}
        claim = {"epoch": 1, "until": to_rfc3339(now() + timedelta(minutes=1))}
        started = time.perf_counter()
        answer = self.call("POST", f"/sessions/{session}/batches", {"epoch": 1, "claim": claim, "messages": [message]})
        took = time.perf_counter() - started
        assert "wa_message_id" in answer["results"][0], answer
        return took

    def logout(self, session: str, engine: str) -> None:
        self.call("POST", f"/sessions/{session}/logout", {"epoch": 1, "network": "sandbox", "engine": engine})

    def come_back(self, sessions: list[str], engine: str) -> float:
        """Seconds from the gateway's death until all are connected again."""
        started = time.perf_counter()
        self.stack.kill("gateway")
        wait_until(self._answers, 30, "the gateway is back")
        with ThreadPoolExecutor(_STARTS) as many:
            list(many.map(lambda one: self.start(one, engine), sessions))

        def are_back() -> bool:
            found = {one["id"]: one["status"] for one in self.call("GET", "/sessions")["items"]}
            return all(found.get(one) == "connected" for one in sessions)

        wait_until(are_back, _BACK_WITHIN, "all are connected again")
        return time.perf_counter() - started

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.stack.gateway_url}/healthz", timeout=2).ok
        except requests.RequestException:
            return False

    def mb(self, engine: str) -> float:
        """What runs sessions of this engine: their hosts, and browsers where it has any."""
        hosts = requests.get(f"{self.stack.gateway_url}/healthz", timeout=5).json()["hosts"]
        pids = [one["pid"] for one in hosts if one["kind"].startswith(engine) and one["sessions"]]
        return memory.pss_mb([*pids, *(memory.browser_pids(self.stack.data) if engine == "webjs" else ())])


def run(stack: Stack) -> list[Figure]:
    gateway = Gateway(stack)
    stack.supervisorctl("stop", "worker")
    figures = {engine: _engine(gateway, engine) for engine in ENGINES}
    many = _many(gateway, int(os.environ.get("LIGHT_SESSIONS", "50")))
    stack.supervisorctl("start", "worker")
    pairs = zip(figures["webjs"], figures["baileys"], strict=True)
    return [*(figure for pair in pairs for figure in pair), *many]


def _engine(gateway: Gateway, engine: str) -> list[Figure]:
    sessions = [f"{engine}{number}" for number in range(SESSIONS)]
    qr = [gateway.link(one, engine, f"+1555092{number:04}") for number, one in enumerate(sessions)]
    mb = memory.steady(lambda: gateway.mb(engine))
    gateway.send(sessions[0], PHONE, "the first, which looks the number up")
    started = time.perf_counter()
    took = sorted(gateway.send(sessions[0], PHONE, f"message {number}") * 1000 for number in range(MESSAGES))
    rate = MESSAGES / (time.perf_counter() - started)
    back = gateway.come_back(sessions, engine)
    for one in sessions:
        gateway.logout(one, engine)
    return [
        Figure(f"memory, {SESSIONS} sessions: {engine}", mb / SESSIONS, "MB each"),
        Figure(f"QR: {engine}", statistics.median(qr), "ms"),
        Figure(f"gateway killed, {SESSIONS} connected again: {engine}", back, "s"),
        Figure(f"sent one after the other, to the engine's answer: {engine}", rate, "a second"),
        Figure(f"a message, p50: {engine}", took[len(took) // 2], "ms"),
        Figure(f"a message, p99: {engine}", took[len(took) * 99 // 100], "ms"),
    ]


def _many(gateway: Gateway, count: int) -> list[Figure]:
    sessions = [f"light{number}" for number in range(count)]
    phones = [f"+1555093{number:04}" for number in range(count)]
    gateway.link(sessions[0], "baileys", phones[0])
    pid = gateway.stack.pid("gateway")
    first = memory.steady(lambda: gateway.mb("baileys") + memory.pss_mb([pid]))
    with ThreadPoolExecutor(_LINKING) as many:
        list(many.map(lambda n: gateway.link(sessions[n], "baileys", phones[n]), range(1, count)))
    all_of_them = memory.steady(lambda: gateway.mb("baileys") + memory.pss_mb([pid]))
    for session in sessions:
        gateway.send(session, PHONE, f"from {session}")
    arrived = {one["body"] for one in gateway.stack.sandbox("GET", f"/phones/{PHONE}/inbox")}
    assert {f"from {one}" for one in sessions} <= arrived, "each message is at its phone"
    back = gateway.come_back(sessions, "baileys")
    after = memory.steady(lambda: gateway.mb("baileys") + memory.pss_mb([gateway.stack.pid("gateway")]))
    return [
        Figure(f"{count} light sessions: each beyond the first, hosts and gateway", (all_of_them - first) / (count - 1), "MB"),
        Figure(f"{count} light sessions: hosts and gateway in all, after a restart", after, "MB"),
        Figure(f"{count} light sessions: gateway killed, all connected again", back, "s"),
    ]
