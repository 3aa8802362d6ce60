"""A user with a session that looks linked and a receiver for webhooks; the worker's rounds are made one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until
from tests.support.web import Linked, bearer, settings_for
from wabot import config
from wabot.lib.clock import now, to_rfc3339
from wabot.services import Services
from wabot.services.hook_rounds import HookRounds

SETTINGS = {"WABOT_WEBHOOK_ALLOW": "127.0.0.1", "WABOT_WEBHOOK_RETRIES": "0,0.05,0.05,0.05,3600"}


@pytest.fixture
def settings(db: str, tmp_path: Path) -> config.Settings:
    return settings_for(db, tmp_path / "var", **SETTINGS)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    running = Receiver().start()
    yield running
    running.stop()


@dataclass
class Hooked:
    """`call` speaks to /api/webhooks as the user; `work` is what the worker does."""

    services: Services
    linked: Linked
    rounds: HookRounds
    browser: Browser

    def call(self, method: str, path: str = "", json: Any = None, status: int = 200) -> Any:
        client: Any = self.linked.client
        answer = client.open(f"/api/webhooks{path}", method=method, json=json, headers=bearer(self.linked.token))
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()

    def endpoint(self, url: str, *events: str, **more: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.call("POST", json={"url": url, "events": list(events) or ["*"], **more}, status=201)
        return made

    def page(self, path: str) -> str:
        """A page as the user sees it, logged in with the first."""
        if self.browser.open("/dashboard").status_code != 200:
            self.browser.login(self.linked.user["email"], "correct horse")
        answer = self.browser.open(path)
        assert answer.status_code == 200, answer.status
        return answer.get_data(as_text=True)

    def send(self, text: str = "hello") -> str:
        return str(self.linked.send(message=text).get_json()["id"])

    def retry_after(self, seconds: str) -> None:
        """What WABOT_WEBHOOK_RETRIES would say; the settings are frozen for everybody else."""
        self.services.attempts.settings.__dict__["webhook_retries"] = seconds

    def work(self) -> None:
        """Rounds until nothing is left to do at this moment."""
        while self.rounds.round() or self.services.store.endpoints.due(f"{to_rfc3339(now())}~"):
            self.rounds.wait()

    def work_until(self, done: Any, what: str) -> None:
        def worked() -> bool:
            self.work()
            return bool(done())

        wait_until(worked, 20, what)

    def deliveries(self, endpoint: dict[str, Any], query: str = "") -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", f"/{endpoint['id']}/deliveries{query}")["items"]
        return found


def room_for(monkeypatch: pytest.MonkeyPatch, waiting: int, held: int | None = None) -> None:
    """Lanes that have only so many deliveries before them, and hold so many that wait for an attempt."""
    for module in ("telling", "hook_lanes"):
        monkeypatch.setattr(f"wabot.services.{module}.WAITING_AT_MOST", waiting)
    if held is not None:
        monkeypatch.setattr("wabot.services.hook_lanes.HELD_AT_MOST", held)


@pytest.fixture
def hooked(app: Flask, linked: Linked) -> Hooked:
    found: Services = app.extensions["wabot"]
    return Hooked(found, linked, found.hook_rounds(lambda: None), Browser(app))
