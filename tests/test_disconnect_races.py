# ruff: noqa: F811
"""Disconnecting twice at once: both are answered when it is done, and it is told once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from flask import Flask

from tests.support.web import Linked
from tests.test_pages_sessions import observe  # noqa: F401  # a fixture
from wabot.blueprints._context import services
from wabot.lib.gateway import Gateway
from wabot.lib.loopback import Problem
from wabot.store.records import Session

Observe = Callable[..., Session]
WITHIN = 10.0
"""Seconds."""


def test_both_are_answered_when_it_is_done_and_it_is_told_once(
    app: Flask, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe(status="connected", linked=True, desired="on")
    user_id, calls, second_called, first_answered = linked.user["id"], 0, Event(), Event()
    second: list[Future[Session]] = []

    def disconnect(correlation_id: str) -> Session:
        with app.app_context():
            return services().sessions.disconnect(user_id, "default", correlation_id)

    def logout(*_: Any) -> None:
        """The second asks while the gateway sees to the first, and is seen to when the first has its answer."""
        nonlocal calls
        calls += 1
        if calls == 1:
            second.append(pool.submit(disconnect, "second"))
            assert second_called.wait(WITHIN)
        else:
            second_called.set()
            assert first_answered.wait(WITHIN)

    monkeypatch.setattr(Gateway, "logout", logout)
    with app.app_context():
        services().hearing.begin(user_id)
    with ThreadPoolExecutor(1) as pool:
        first = disconnect("first")
        first_answered.set()
        assert (first.status, second[0].result(WITHIN).status) == ("disconnected", "disconnected")
    with app.app_context():
        [told] = [one["telling"] for one in services().store.sessions._sessions.find({"user_id": user_id})]
    assert [one["data"]["status"] for one in told] == ["reconnecting", "disconnected"]


@pytest.mark.parametrize(("newer", "shown"), [("on", "starting"), ("off", "disconnected")])
def test_one_that_was_overtaken_by_a_newer_order_says_what_that_made_of_the_session(
    app: Flask, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch, newer: str, shown: str
) -> None:
    before = observe(status="connected", linked=True, desired="on")

    def overtaken(*_: Any) -> None:
        changes = {"epoch": before.epoch + 2, "desired": newer, "status": shown}
        assert services().store.sessions.change(before.id, before.epoch + 1, changes)
        raise Problem(409, "stale_epoch", "A newer lease holds this session")

    monkeypatch.setattr(Gateway, "logout", overtaken)
    with app.app_context():
        after = services().sessions.disconnect(linked.user["id"], "default", "correlation")
    assert (after.status, after.desired) == (shown, newer)


def test_disconnecting_takes_back_a_switch_of_engines_that_is_under_way(
    app: Flask, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe(status="connected", linked=True, desired="on")
    monkeypatch.setattr(Gateway, "logout", lambda *_: None)
    user_id = linked.user["id"]
    with app.app_context():
        sessions = services().sessions
        session = sessions.status(user_id, "default")
        services().store.sessions.change(session.id, session.epoch, {"desired": "logout", "switch_to": "baileys"})
        after = sessions.disconnect(user_id, "default", "correlation")
    assert (after.status, after.desired, after.switch_to) == ("disconnected", "off", None)
