"""The whole life of a session, over and over: initialize, QR, scan, connected, disconnect; and with kills on the way."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import requests

from .api import Api, ApiError
from .family import kill
from .owner import Owner
from .waiting import wait_until
from .watch import Watch

STEP_WITHIN = 40.0
KILLED_WITHIN = 1.8
"""Seconds after initialize within which the kill falls: about as long as a cycle takes."""


@dataclass
class Figures:
    """Seconds of each cycle, and what was met on the way."""

    seconds: list[float] = field(default_factory=list)
    kills: dict[str, int] = field(default_factory=dict)
    unscannable: int = 0
    """Codes that had gone stale when the phone saw them."""
    left_linked: int = 0
    """Cycles after which the phone still listed the device: WhatsApp couldn't be told."""

    slowest: str = ""
    """What the slowest cycle showed."""

    def note(self, seconds: float, story: str) -> None:
        if seconds > max(self.seconds, default=0.0):
            self.slowest = story
        self.seconds.append(seconds)

    def __str__(self) -> str:
        ordered = sorted(self.seconds)
        middle, last = ordered[len(ordered) // 2], ordered[-1]
        kills = ", ".join(f"{count} of {what}" for what, count in sorted(self.kills.items())) or "none"
        return (
            f"{len(ordered)} cycles in {sum(ordered):.0f} s: median {middle:.2f} s, slowest {last:.2f} s; kills: {kills}; "
            f"codes gone stale before the scan: {self.unscannable}; devices the phone had to remove itself: {self.left_linked}\n"
            f"  the slowest: {self.slowest}"
        )


class Cycles:
    """Cycles of one session of one user and one phone."""

    def __init__(self, owner: Owner, user: Api, phone: str) -> None:
        self._owner, self._user, self._phone = owner, user, phone
        self._scanned: list[str] = []
        self._shown: set[str] = set()
        self._shown_before: frozenset[str] = frozenset()
        self.figures = Figures()
        owner.stack.sandbox("PUT", f"/phones/{phone}", name=user.name)

    def run(self, count: int, dice: random.Random | None = None) -> None:
        """With `dice`, each cycle has Chromium or the gateway killed at a moment they choose."""
        with Watch(self._user) as watch:
            for _ in range(count):
                started = time.monotonic()
                killer = self._killer(dice) if dice else None
                self._one()
                if killer:
                    killer.cancel()
                    killer.join()
                self.figures.note(time.monotonic() - started, watch.story(started, "default"))
                self._nothing_between()
        assert len(set(self._scanned)) == len(self._scanned) == len(self.figures.seconds)

    def _one(self) -> None:
        self._shown_before = frozenset(self._shown)
        self._persist(lambda: self._user.initialize(network="sandbox"))
        wait_until(self._linked, STEP_WITHIN, f"connected; the status is {self._status()}")
        self._persist(self._user.disconnect)
        wait_until(lambda: self._user.status()["status"] == "disconnected", STEP_WITHIN, "disconnected")

    def _linked(self) -> bool:
        """Scans what is shown, as often as something new is."""
        now = self._user.status()
        assert now["status"] not in ("failed", "disconnected"), now
        if now["status"] == "qr":
            self._scan()
        return bool(now["status"] == "connected")

    def _scan(self) -> None:
        try:
            shown = self._user.qr()
        except ApiError as error:
            if error.code != "qr_not_available":
                raise
            return
        text, picture = str(shown["qr"]), str(shown["image"]).split(",", 1)[1]
        assert text not in self._shown_before, "a code of an earlier cycle is shown again"
        if text in self._shown:
            return
        self._shown.add(text)
        answer = requests.post(f"{self._owner.stack.sandbox_url}/phones/{self._phone}/scan", json={"image": picture}, timeout=20)
        if answer.ok:
            self._scanned.append(text)
        else:
            assert answer.status_code == 409, answer.text
            self.figures.unscannable += 1

    def _persist(self, call: Callable[[], object]) -> None:
        """A person who is told "try again in a moment" does."""

        def done() -> bool:
            try:
                call()
            except ApiError as error:
                if error.status != 503:
                    raise
                return False
            return True

        wait_until(done, STEP_WITHIN, "the gateway is back")

    def _status(self) -> str:
        now = self._user.status()
        return f"{now['status']}, {now['reason']}"

    def _nothing_between(self) -> None:
        wait_until(self._owner.stack.ready, STEP_WITHIN, "ready")
        self._owner.nothing_left(self._owner.id_of(self._user))
        self._owner.no_orphans()
        if self._owner.stack.sandbox("GET", f"/phones/{self._phone}")["devices"]:
            self.figures.left_linked += 1
            self._owner.stack.sandbox("POST", f"/phones/{self._phone}/unlink")

    def _killer(self, dice: random.Random) -> threading.Timer:
        timer = threading.Timer(dice.uniform(0, KILLED_WITHIN), self._kill, [dice.choice(["chromium", "gateway"])])
        timer.start()
        return timer

    def _kill(self, what: str) -> None:
        pids = self._owner.family.browsers() if what == "chromium" else [self._owner.stack.pid("gateway")]
        for pid in [pid for pid in pids if pid]:
            kill(pid)
            self.figures.kills[what] = self.figures.kills.get(what, 0) + 1
