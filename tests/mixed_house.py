"""A house of sessions of both engines, each of another user: when a process dies, only those notice whose process it was.

`python -m tests.mixed_house 3 50` is `make house`.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import requests

from tests.support import limits
from tests.support.api import Api
from tests.support.processes import browsers_of
from tests.support.stack import Stack
from tests.support.waiting import wait_until

BACK_WITHIN = 90.0
LINKING = 3
BOT = "+12025580900"


@dataclass
class House:
    stack: Stack
    heavy: list[Api] = field(default_factory=list)
    light: list[Api] = field(default_factory=list)

    @property
    def all(self) -> list[Api]:
        return [*self.heavy, *self.light]

    def move_in(self, heavy: int, light: int) -> None:
        limits.lift(self.stack)
        with ThreadPoolExecutor(LINKING) as many:
            self.heavy = list(many.map(lambda n: self._linked(f"heavy{n}", f"+1555070{n:04}", "webjs"), range(heavy)))
            self.light = list(many.map(lambda n: self._linked(f"light{n}", f"+1555071{n:04}", "baileys"), range(light)))

    def _linked(self, name: str, phone: str, engine: str) -> Api:
        user = Api(self.stack, name).register()
        user.link(phone, engine=engine)
        return user

    def noticed_by(self, kill: Callable[[], int], expected: Iterable[Api], one_of: Sequence[Api] = ()) -> set[str]:
        """Names of those whose session was not connected all the time; all are again when it returns. All that are `expected` have to
        notice it, and `one_of` those."""
        before = {user.name: self._since(user) for user in self.all}
        assert kill(), "there was nothing to kill"
        if one_of:
            wait_until(lambda: any(self._since(user) != before[user.name] for user in one_of), BACK_WITHIN, "one notices it")
        for user in expected:
            wait_until(lambda user=user: self._since(user) not in ("", before[user.name]), BACK_WITHIN, f"{user.name} is back")
        for user in self.all:
            wait_until(lambda user=user: self._since(user) != "", BACK_WITHIN, f"{user.name} is connected")
        return {user.name for user in self.all if self._since(user) != before[user.name]}

    @staticmethod
    def _since(user: Api) -> str:
        """Since when it is connected; empty while it isn't, or can't be asked."""
        try:
            found = user.status()
        except (requests.RequestException, AssertionError):
            return ""
        return str(found["since"]) if found["status"] == "connected" else ""

    def send_all(self, text: str) -> None:
        """From each, one message, until it has arrived."""
        sent = [user.send(BOT, f"{text} from {user.name}")["id"] for user in self.all]
        for user, message in zip(self.all, sent, strict=True):
            user.wait_for_message(message, "sent", "delivered", "read", timeout=BACK_WITHIN)
        arrived = [one["body"] for one in self.stack.sandbox("GET", f"/phones/{BOT}/inbox")]
        for user in self.all:
            assert arrived.count(f"{text} from {user.name}") == 1, user.name

    # --- what can be killed

    def host(self, engine: str) -> int:
        """The one that runs most sessions of this engine."""
        found: list[dict[str, Any]] = requests.get(f"{self.stack.gateway_url}/healthz", timeout=5).json()["hosts"]
        hosts = sorted((one for one in found if one["kind"].startswith(engine)), key=lambda one: int(one["sessions"]))
        return _killed(hosts[-1]["pid"])

    def browser(self) -> int:
        return _killed(random.choice([one.pid for one in browsers_of(self.stack.data) if "--type=" not in one.command]))

    def program(self, name: str) -> Callable[[], int]:
        return lambda: self.stack.kill(name)


def _killed(pid: int) -> int:
    os.kill(pid, signal.SIGKILL)
    return pid


def check(house: House) -> None:
    """Everything that can die, once."""
    heavy, light = {one.name for one in house.heavy}, {one.name for one in house.light}
    house.send_all("at first")
    assert house.noticed_by(lambda: house.host("baileys"), house.light) <= light
    assert house.noticed_by(lambda: house.host("webjs"), house.heavy) <= heavy
    assert len(house.noticed_by(house.browser, [], one_of=house.heavy)) == 1, "a browser is one session's"
    for name in ("web", "worker"):
        assert house.noticed_by(house.program(name), []) == set(), name
    assert house.noticed_by(house.program("db"), []) <= light, "the keys of light sessions are there"
    house.send_all("after the smaller deaths")
    house.noticed_by(house.program("gateway"), house.all)
    house.send_all("in the end")


def main(heavy: int = 3, light: int = 50) -> None:
    stack = Stack()
    stack.start()
    try:
        house = House(stack)
        started = time.monotonic()
        house.move_in(heavy, light)
        print(f"{heavy} + {light} sessions linked in {time.monotonic() - started:.0f} s", flush=True)
        check(house)
        print("only those noticed whose process died")
    finally:
        stack.kill_all()
    stack.remove()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
