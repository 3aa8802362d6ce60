"""Everything is killed again and again while messages are sent; at the end each must have arrived once.

`python -m tests.chaos 5000` (`make chaos`) is the long run, through bad weather, too (tests/weather.py); tests/test_chaos.py runs
short ones. `python -m tests.chaos 5000 - baileys` (`make chaos ENGINE=baileys`) does it with the light engine.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any
from xmlrpc.client import ServerProxy

import requests
from supervisor.xmlrpc import SupervisorTransport

from tests.support import limits
from tests.support.api import Api
from tests.support.processes import browsers_of
from tests.support.stack import Stack
from tests.support.waiting import poll, wait_until
from tests.weather import CLEARS_WITHIN, Weather

VICTIMS = ("db", "web", "worker", "gateway", "chromium")
LIGHT_VICTIMS = ("db", "web", "worker", "gateway", "host", "sandbox")
"""With an engine without a browser: what runs it, and the WhatsApp it speaks with."""
CLIENTS = 6
PHONES = 10
ANSWER_WITHIN = 120
STEP_WITHIN = 2 * CLEARS_WITHIN
SETTLE_WITHIN = 180
BREATH_AFTER = 15.0
"""Seconds without the session being up, after which nothing is killed until it is: a slow machine would never get anywhere."""
QUICK = {"WA_SYNC_GRACE_MS": "1500", "WA_SYNC_TIMEOUT_MS": "5000"}
"""Patience with a WhatsApp Web that gives no signal, cut short."""
FINAL = frozenset({"sent", "delivered", "read"})


@dataclass
class Outcome:
    """What the phones and the log say. `kills` counts by victim; the lists hold message texts or ids.

    `overtaken` are messages that arrived after one which their client had sent later.
    """

    sent: int
    seconds: float
    lost: list[str]
    doubled: list[str]
    overtaken: list[str]
    unfinished: list[str]
    kills: Counter[str] = field(default_factory=Counter)
    weather: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        passed = f"; passed {_times(self.weather)}" if self.weather else ""
        return f"{self.sent} messages in {self.seconds:.0f} s, killed {_times(self.kills)}{passed}: {self.faults()}"

    def faults(self) -> str:
        found = {"lost": self.lost, "doubled": self.doubled, "overtaken": self.overtaken, "unfinished": self.unfinished}
        return ", ".join(f"{len(which)} {name} {which[:10] if which else ''}".strip() for name, which in found.items())

    @property
    def good(self) -> bool:
        return not (self.lost or self.doubled or self.overtaken or self.unfinished)


def _times(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {count}×" for name, count in sorted(counter.items()))


@dataclass(frozen=True)
class Plan:
    """Who is killed, how many seconds apart, and how many times at most."""

    victims: tuple[str, ...]
    every: tuple[float, float]
    times: float


class Killer:
    """Kills one program after the other, in random order, by its plan, until told to stop. `is_up` tells whether the session is."""

    def __init__(self, stack: Stack, dice: random.Random, plan: Plan, is_up: Callable[[], bool]) -> None:
        self._stack, self._dice, self._plan, self._is_up = stack, dice, plan, is_up
        self._up_at = time.monotonic()
        self._stop = threading.Event()
        self.kills: Counter[str] = Counter()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="killer")

    def __enter__(self) -> Killer:
        self._killing = self._pool.submit(self._run)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._killing.result(60)
        self._pool.shutdown()

    def _run(self) -> None:
        order: list[str] = []
        while self.kills.total() < self._plan.times and not self._stop.wait(self._dice.uniform(*self._plan.every)):
            if self._needs_breath():
                continue
            order = order or self._dice.sample(self._plan.victims, len(self._plan.victims))
            victim = order.pop()
            pid = self._child(victim) if victim in ("chromium", "host") else self._program(victim)
            if pid:
                os.kill(pid, signal.SIGKILL)
                self.kills[victim] += 1

    def _needs_breath(self) -> bool:
        if self._is_up():
            self._up_at = time.monotonic()
        return time.monotonic() - self._up_at > BREATH_AFTER

    def _program(self, name: str) -> int:
        """From supervisord itself: `supervisorctl` takes a second to start."""
        transport = SupervisorTransport(None, None, f"unix://{self._stack.data}/run/supervisor.sock")
        with ServerProxy("http://127.0.0.1", transport=transport) as server:
            info: Any = server.supervisor.getProcessInfo(name)
            return int(info["pid"])

    def _child(self, kind: str) -> int:
        """The main process of some session's browser, or a host that runs light sessions."""
        if kind == "host":
            pids = [one["pid"] for one in self._hosts() if one["kind"].startswith("baileys")]
        else:
            pids = [one.pid for one in browsers_of(self._stack.data) if "--type=" not in one.command]
        return self._dice.choice(pids) if pids else 0

    def _hosts(self) -> list[dict[str, Any]]:
        try:
            found: list[dict[str, Any]] = requests.get(f"{self._stack.gateway_url}/healthz", timeout=2).json()["hosts"]
        except requests.RequestException:
            return []
        return found


def run(
    stack: Stack,
    messages: int,
    *,
    seed: int,
    steps: int,
    every: tuple[float, float] = (2.0, 5.0),
    weather: bool = False,
    engine: str = "webjs",
) -> Outcome:
    """Send `messages` from several clients with idempotency keys while everything is killed; then count at the phones.

    The messages are spread over so many `steps`, kills or (with `weather`) faults, that a quick machine isn't done before the first of them.
    """
    dice = random.Random(seed)
    limits.lift(stack)
    user = Api(stack, "chaos").register()
    user.link("+15550300001", engine=engine)
    plan = Plan(VICTIMS if engine == "webjs" else LIGHT_VICTIMS, every, float("inf") if weather else steps)
    started = time.monotonic()
    with (
        Killer(stack, dice, plan, lambda: _is_up(user)) as killer,
        ExitStack() as outside,
        ThreadPoolExecutor(CLIENTS) as clients,
    ):
        passed = outside.enter_context(Weather(stack, user, dice)).passed if weather else Counter[str]()

        def in_turn(number: int) -> str:
            def is_time() -> bool:
                return (passed if weather else killer.kills).total() >= steps * number // messages

            wait_until(is_time, STEP_WITHIN, "the next step")
            return _send(user, number)

        def client(first: int) -> list[str]:
            """One message after the other: the next only when the one before was accepted."""
            return [in_turn(number) for number in range(first, messages, CLIENTS)]

        ids = [one for theirs in clients.map(client, range(CLIENTS)) for one in theirs]
    unfinished = _settle(user, ids)
    outcome = _count(stack, messages, unfinished, time.monotonic() - started)
    return replace(outcome, kills=killer.kills, weather=passed)


def _is_up(user: Api) -> bool:
    """Or has come to a stop where somebody has to help it."""
    try:
        return user.get("/api/whatsapp/status", timeout=5).json().get("status") in ("connected", "failed")
    except requests.RequestException:
        return False


def phone_of(number: int) -> str:
    return f"+12025580{number % PHONES:03d}"


def _send(user: Api, number: int) -> str:
    """As a careful client does: the same key again until there is an answer."""

    def answered() -> str | None:
        body = {"to": phone_of(number), "message": f"message {number}"}
        answer = user.post("/api/messages/send", body, headers={"Idempotency-Key": f"chaos-{number}"}, timeout=15)
        assert answer.status_code in (200, 202, 429, 500, 502, 503), answer.text
        assert answer.status_code != 500, answer.text
        return str(answer.json()["id"]) if answer.ok else None

    return wait_until(answered, ANSWER_WITHIN, f"message {number} is accepted")


def _settle(user: Api, ids: list[str]) -> list[str]:
    """Wait until every message is sent; when none has been for `SETTLE_WITHIN` seconds, what is left is unfinished."""
    waiting, moved_at = sorted(ids), time.monotonic()
    while waiting and time.monotonic() - moved_at < SETTLE_WITHIN:
        done = {message_id for message_id in waiting[:50] if _status(user, message_id) in FINAL}
        waiting = [one for one in waiting if one not in done]
        moved_at = time.monotonic() if done else moved_at
        poll()
    return [f"{message_id} {_status(user, message_id)}" for message_id in waiting]


def _status(user: Api, message_id: str) -> str:
    try:
        answer = user.get(f"/api/messages/{message_id}", timeout=15)
    except requests.RequestException:
        return "no answer"
    return str(answer.json().get("status"))


def _count(stack: Stack, messages: int, unfinished: list[str], seconds: float) -> Outcome:
    inboxes = [stack.sandbox("GET", f"/phones/{phone_of(number)}/inbox") for number in range(PHONES)]
    arrivals = sorted((one["at"], int(one["body"].removeprefix("message "))) for inbox in inboxes for one in inbox)
    times = Counter(number for _, number in arrivals)
    lost = [f"message {number}" for number in range(messages) if times[number] == 0]
    doubled = [f"message {number}" for number, count in times.items() if count > 1]
    overtaken = [text for first in range(CLIENTS) for text in _overtaken(arrivals, first)]
    return Outcome(messages, seconds, lost, doubled, overtaken, unfinished)


def _overtaken(arrivals: list[tuple[str, int]], client: int) -> list[str]:
    """Those of one client's messages that came after one it had sent later."""
    latest, found = -1, []
    for at, number in arrivals:
        if number % CLIENTS == client and number < latest:
            found.append(f"message {number} at {at}, after {latest}")
        elif number % CLIENTS == client:
            latest = number
    return found


def main() -> None:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    seed = int(sys.argv[2]) if sys.argv[2:3] not in ([], ["-"]) else random.SystemRandom().randrange(1_000_000)
    engine = sys.argv[3] if len(sys.argv) > 3 else "webjs"
    stack = Stack(**QUICK)
    stack.start()
    print(f"chaos: {messages} messages, seed {seed}, engine {engine}", flush=True)
    try:
        outcome = run(stack, messages, seed=seed, steps=max(10, messages // 100), weather=engine == "webjs", engine=engine)
    finally:
        stack.kill_all()
    print(outcome)
    if not outcome.good:
        sys.exit(f"kept: {stack.data}")
    stack.remove()


if __name__ == "__main__":
    main()
