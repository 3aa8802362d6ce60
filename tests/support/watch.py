"""Somebody who looks at a user's sessions all the time, as an open page does, and remembers every change."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import requests

from .api import Api
from .waiting import poll, wait_until


@dataclass(frozen=True)
class Look:
    at: float
    session: str
    status: str
    reason: dict[str, str] | None
    phone: str | None
    since: str

    @property
    def code(self) -> str | None:
        return self.reason["code"] if self.reason else None


class Watch:
    """`with Watch(user) as watch`. While web is away there is nothing to see."""

    def __init__(self, user: Api) -> None:
        self._user = user
        self._looks: list[Look] = []
        self._latest: dict[str, Look] = {}
        self._looked, self._over = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{user.name}", daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        assert self._looked.wait(10), "no first look"
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(timeout=15)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                answer = self._user.get("/api/whatsapp/sessions", timeout=10)
            except requests.RequestException:
                poll()
                continue
            if answer.ok:
                self._note(answer.json()["items"])
                self._looked.set()
            poll()

    def _note(self, sessions: list[dict[str, Any]]) -> None:
        for one in sessions:
            look = Look(time.monotonic(), one["session"], one["status"], one["reason"], one["phone"], one["since"])
            before = self._latest.get(look.session)
            if before is None or (before.status, before.reason, before.since) != (look.status, look.reason, look.since):
                self._looks.append(look)
            self._latest[look.session] = look

    def after(self, mark: float, session: str) -> list[Look]:
        return [one for one in list(self._looks) if one.session == session and one.at > mark]

    def when(self, session: str, predicate: Callable[[Look], bool], mark: float, within: float, what: str) -> tuple[Look, float]:
        """The first change after `mark` (of time.monotonic) that fits, and how many seconds after it."""

        def seen() -> Look | None:
            return next((one for one in self.after(mark, session) if predicate(one)), None)

        try:
            look = wait_until(seen, within + mark - time.monotonic() + 1, what)
        except AssertionError as error:
            raise AssertionError(f"{error}: {session} showed {self.story(mark, session)}") from error
        took = look.at - mark
        assert took <= within, f"{what}: took {took:.2f} s, not {within:g} ({session}: {self.story(mark, session)})"
        return look, took

    def leaves(self, session: str, status: str, mark: float, within: float) -> tuple[Look, float]:
        return self.when(session, lambda one: one.status != status, mark, within, f"{session} is not shown as {status}")

    def reaches(self, session: str, status: str, mark: float, within: float) -> tuple[Look, float]:
        return self.when(session, lambda one: one.status == status, mark, within, f"{session} is shown as {status}")

    def story(self, mark: float, session: str) -> str:
        told = [f"{one.at - mark:+.2f} {one.status}/{one.code}" for one in self.after(mark, session)]
        return "; ".join(told) or "no change"
