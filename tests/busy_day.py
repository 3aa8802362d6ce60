"""A busy day of two people, one with each engine, while everything is killed and WhatsApp has its moods.

Where `tests/chaos.py` counts messages that are only sent, here they are also scheduled and cancelled, some come in, phones are
linked anew with messages on the way, and every change is told to a webhook; then everything is reckoned up.
`python -m tests.busy_day 240` is `make busy-day`; `python -m tests.busy_day 240 7 100000` (`make busy-day SEED=7 PAST=100000`) begins
with a long log.
"""

from __future__ import annotations

import random
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import requests

from tests.chaos import LIGHT_VICTIMS, QUICK, VICTIMS, Killer, Plan
from tests.support import limits
from tests.support.past import give
from tests.support.person import WRITERS, Person, writer
from tests.support.reckoning import reckon, summary
from tests.support.stack import Stack
from tests.support.waiting import wait_until
from tests.weather import PROFILES

SETTINGS = {**QUICK, "WABOT_WEBHOOK_ALLOW": "127.0.0.1", "WABOT_WEBHOOK_RETRIES": "0,0.3,1,2,3,5,10,20"}
EVERY = (2.0, 6.0)
_SHOWN = 50
"""Faults; once something is wrong it often is with thousands."""
CLEAR: dict[str, Any] = {"refuse_connections": False, "ack_delay_ms": 0, "lose_acks": False, "slow_sync": False}
MOODS: tuple[dict[str, Any], ...] = (
    {"drop_socket": True},
    {"drop_socket": True, "refuse_connections": True},
    {"ack_delay_ms": 3000},
    {"lose_acks": True},
    {"page_hang": True},
    {"slow_sync": True},
    *({"web_profile": name} for name in PROFILES),
)


def run(stack: Stack, seconds: float, seed: int, past: int = 0) -> list[str]:
    """Every broken promise. `past`: so many messages were sent in the two weeks before."""
    dice, over = random.Random(seed), threading.Event()
    limits.lift(stack)
    for number in range(WRITERS):
        stack.sandbox("PUT", f"/phones/{writer(number)}", name=f"writer {number}")
    people = [Person(stack, "ann", "+15550400001", "webjs"), Person(stack, "bob", "+15550400002", "baileys")]
    if past:
        for one in people:
            one.have_a_morning()
        give(stack, past)
    plan = Plan(tuple(sorted({*VICTIMS, *LIGHT_VICTIMS})), EVERY, float("inf"))
    with ThreadPoolExecutor(len(people) + 1) as many, Killer(stack, dice, plan, lambda: _answers(people)) as killer:
        days = [many.submit(one.run, random.Random(dice.random()), over) for one in people]
        days.append(many.submit(_have_moods, stack, random.Random(dice.random()), over))
        over.wait(seconds)
        over.set()
    for day in days:
        day.result()
    print(f"killed {dict(killer.kills)}", flush=True)
    wait_until(lambda: _mood(stack, {**CLEAR, "web_profile": "today", "drop_socket": True}), 60, "the sky is clear")
    return [fault for one in people for fault in _evening(one)]


def _answers(people: list[Person]) -> bool:
    try:
        return all(one.api.get("/api/whatsapp/status", timeout=5).json().get("status") != "reconnecting" for one in people)
    except (requests.RequestException, ValueError):
        return False


def _have_moods(stack: Stack, dice: random.Random, over: threading.Event) -> None:
    while not over.wait(dice.uniform(3, 9)):
        _mood(stack, dice.choice(MOODS))
        over.wait(dice.uniform(1, 4))
        _mood(stack, CLEAR)


def _mood(stack: Stack, faults: dict[str, Any]) -> bool:
    """False while the sandbox is away."""
    try:
        stack.sandbox("PUT", "/faults", **faults)
    except (AssertionError, requests.RequestException):
        return False
    return True


def _evening(person: Person) -> list[str]:
    person.be_connected()
    faults = reckon(person)
    print(summary(person), flush=True)
    person.hook.stop()
    return faults


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 240.0
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1_000_000)
    past = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    stack = Stack(**SETTINGS)
    stack.start()
    print(f"a busy day of {seconds:g} s, seed {seed}, after {past} messages", flush=True)
    try:
        faults = run(stack, seconds, seed, past)
    finally:
        stack.kill_all()
    print("\n".join(faults[:_SHOWN]) or "every promise was kept")
    if faults:
        sys.exit(f"kept: {stack.data}")
    stack.remove()


if __name__ == "__main__":
    main()
