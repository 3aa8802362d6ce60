# ruff: noqa: F811
"""What the worker does to keep sessions as wanted: one that takes long holds up no other, and late news overwrites no newer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

import pytest
from flask import Flask

from tests.support.waiting import wait_until
from tests.support.web import Linked
from tests.test_pages_sessions import observe  # noqa: F401  # a fixture
from wabot.blueprints._context import services
from wabot.errors import GatewayUnavailable
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.errands import Errands
from wabot.lib.gateway import Gateway
from wabot.lib.loopback import Problem
from wabot.services import Services
from wabot.services.upkeep import Upkeep
from wabot.store.records import Session
from wabot.worker import guarded

Observe = Callable[..., Session]
WITHIN = 10.0
"""Seconds."""


@pytest.fixture
def known(app: Flask) -> Iterator[Services]:
    with app.app_context():
        yield services()


@pytest.fixture
def upkeep(known: Services) -> Upkeep:
    return Upkeep(known.store, known.gateway, known.sessions, Errands(2, "errand", guarded))


def test_a_log_out_that_takes_long_holds_up_no_heartbeat(
    known: Services, upkeep: Upkeep, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    leaving = observe(status="connected", linked=True, desired="logout")
    moment = now()
    fields = {"user_id": linked.user["id"], "name": "other", "network": "sandbox", "epoch": 1, "desired": "on", "linked": True}
    times = {"created_at": moment, "since": moment, "observed_at": moment - timedelta(seconds=60)}
    other = known.store.sessions.add({**fields, **times, "engine": "webjs", "status": "connected"})
    let_go, calls = Event(), 0

    def logout(*_: Any) -> None:
        nonlocal calls
        calls += 1
        assert let_go.wait(WITHIN)

    def held(_: Gateway) -> list[dict[str, Any]]:
        at = to_rfc3339(now())
        return [{"id": other.id, "epoch": 1, "status": "connected", "linked": True, "since": at, "observed_at": at}]

    monkeypatch.setattr(Gateway, "logout", logout)
    monkeypatch.setattr(Gateway, "sessions", held)
    upkeep.round()
    upkeep.round()
    seen, still = known.store.sessions.get(other.id), known.store.sessions.get(leaving.id)
    assert seen and seen.observed_at and seen.observed_at >= moment
    assert still and still.desired == "logout", "the round did not wait for it"
    let_go.set()
    wait_until(lambda: _desired(known, leaving) == "off", WITHIN, "it is logged out")
    assert calls == 1


def test_a_silent_gateway_overwrites_nothing_that_was_observed_meanwhile(known: Services, observe: Observe) -> None:
    before = observe(status="connected", linked=True, desired="on")
    after = observe(status="disconnected", linked=False, desired="off", reason="unlinked_on_phone")
    known.sessions.gateway_lost(replace(before, epoch=after.epoch))
    kept = known.store.sessions.get(before.id)
    assert kept and (kept.status, kept.reason) == ("disconnected", "unlinked_on_phone")


def test_one_that_was_just_scanned_is_not_shown_as_logging_in_while_the_gateway_is_away(
    known: Services, observe: Observe
) -> None:
    scanned = observe(status="authenticating", linked=False, desired="on")
    known.sessions.gateway_lost(scanned)
    kept = known.store.sessions.get(scanned.id)
    assert kept and (kept.status, kept.reason) == ("starting", "gateway_away")


def test_a_restart_at_the_same_moment_does_not_swallow_a_disconnect(
    known: Services, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    observe(status="connected", linked=True, desired="on")
    read = known.store.sessions.named

    def restarted_just_after(user_id: str, name: str) -> Session | None:
        monkeypatch.setattr(type(known.store.sessions), "named", lambda _, *asked: read(*asked))
        session = read(user_id, name)
        assert session
        known.sessions.restart(session, "restart")
        return session

    def away(*_: Any) -> None:
        raise GatewayUnavailable

    monkeypatch.setattr(Gateway, "logout", lambda *_: None)
    monkeypatch.setattr(Gateway, "start", away)
    monkeypatch.setattr(type(known.store.sessions), "named", lambda _, *asked: restarted_just_after(*asked))
    assert known.sessions.disconnect(linked.user["id"], "default", "disconnect").status == "disconnected"


def test_a_session_that_rests_with_its_disabled_owner_is_told(known: Services, linked: Linked, observe: Observe) -> None:
    before = observe(status="connected", linked=True, desired="on")
    known.hearing.begin(linked.user["id"])
    known.sessions.rest(linked.user["id"])
    [told] = [one["telling"] for one in known.store.sessions._sessions.find({"user_id": before.user_id})]
    assert [(one["type"], one["data"]["reason"]["code"]) for one in told] == [("session.disconnected", "account_disabled")]


def test_a_session_that_the_gateway_will_not_start_says_so_and_keeps_no_other_from_starting(
    known: Services, upkeep: Upkeep, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = observe(status="reconnecting", linked=True, desired="on", engine="gone")
    for name in ("gone-2", "gone-3"):
        _another(known, linked, name, engine="gone")
    other = _another(known, linked, "other", engine="webjs")
    started: list[str] = []
    tried: list[str] = []

    def start(_: Gateway, session_id: str, order: dict[str, Any], __: str) -> dict[str, Any]:
        if order["engine"] == "gone":
            tried.append(session_id)
            raise Problem(422, "unknown_engine", "there is no engine gone")
        started.append(session_id)
        return _snapshot(session_id)

    monkeypatch.setattr(Gateway, "sessions", lambda _: [])
    monkeypatch.setattr(Gateway, "start", start)
    for _ in range(3):
        upkeep.round()
    assert other.id in started
    assert len(tried) == len(set(tried)) == 3, "none is tried again a second later"
    failed = known.store.sessions.get(refused.id)
    assert failed and (failed.status, failed.reason, failed.desired) == ("failed", "unknown_engine", "on")


@pytest.mark.parametrize(
    ("desired", "ends"), [("on", ("on", "connected")), ("logout", ("off", "disconnected")), ("off", ("off", "stopped"))]
)
def test_a_store_that_is_behind_the_gateway_catches_up(
    known: Services, upkeep: Upkeep, observe: Observe, monkeypatch: pytest.MonkeyPatch, desired: str, ends: tuple[str, str]
) -> None:
    """As after a restore beside a running gateway, which has had three orders since."""
    behind = observe(status="reconnecting", linked=True, desired=desired)
    of_gateway = behind.epoch + 3
    held = {behind.id: {**_snapshot(behind.id), "epoch": of_gateway}}
    stopped: list[int] = []

    def logout(_: Gateway, session_id: str, order: dict[str, Any], __: str) -> None:
        if order["epoch"] < of_gateway:
            raise Problem(409, "stale_epoch", "A newer lease holds this session")
        held.pop(session_id, None)

    monkeypatch.setattr(Gateway, "sessions", lambda _: list(held.values()))
    monkeypatch.setattr(Gateway, "logout", logout)
    monkeypatch.setattr(Gateway, "stop", lambda _, __, epoch, ___: stopped.append(epoch))

    def seen() -> tuple[str, str]:
        upkeep.round()
        found = known.store.sessions.get(behind.id)
        assert found
        return found.desired, "stopped" if stopped else found.status

    wait_until(lambda: seen() == ends, WITHIN, f"it is {ends}")
    assert all(epoch >= of_gateway for epoch in stopped)


@pytest.mark.parametrize("odd", [{"push_name": "A\ud83d"}, {"since": "yesterday"}, {"qr": "x" * 20_000_000}])
def test_what_one_session_says_holds_up_no_other(
    known: Services, upkeep: Upkeep, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch, odd: dict[str, Any]
) -> None:
    first = observe(status="starting", linked=True, desired="on")
    second = _another(known, linked, "second")
    monkeypatch.setattr(Gateway, "sessions", lambda _: [{**_snapshot(first.id), **odd}, _snapshot(second.id)])
    upkeep.round()
    seen = known.store.sessions.get(second.id)
    assert seen and seen.status == "connected"


def test_what_is_observed_counts_though_the_clock_was_set_back(
    known: Services, upkeep: Upkeep, observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = observe(status="starting", linked=True, desired="on", observed_at=now() + timedelta(hours=2))

    def held(_: Gateway) -> list[dict[str, Any]]:
        return [{**_snapshot(session.id), "epoch": session.epoch}]

    def seen() -> str | None:
        upkeep.round()
        found = known.store.sessions.get(session.id)
        return found and found.status

    monkeypatch.setattr(Gateway, "sessions", held)
    wait_until(lambda: seen() == "connected", WITHIN, "it is connected")


def _another(known: Services, linked: Linked, name: str, engine: str = "webjs") -> Session:
    fields = {"user_id": linked.user["id"], "name": name, "network": "sandbox", "epoch": 1, "desired": "on", "linked": True}
    moment = now() - timedelta(seconds=60)
    times = {"created_at": moment, "since": moment, "observed_at": moment}
    return known.store.sessions.add({**fields, **times, "engine": engine, "status": "starting"})


def _snapshot(session_id: str) -> dict[str, Any]:
    at = to_rfc3339(now())
    return {"id": session_id, "epoch": 1, "status": "connected", "linked": True, "since": at, "observed_at": at}


def _desired(known: Services, session: Session) -> str:
    found = known.store.sessions.get(session.id)
    return found.desired if found else ""


def test_a_disabled_users_sessions_come_back_but_for_those_that_were_off(
    known: Services, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch
) -> None:
    on, moment = observe(status="connected", linked=True, desired="on"), now()
    fields = {"user_id": on.user_id, "name": "other", "network": "sandbox", "engine": "webjs", "epoch": 1, "desired": "off"}
    off = known.store.sessions.add({**fields, "status": "disconnected", "created_at": moment, "since": moment})
    started: list[str] = []

    def start(_: Gateway, session_id: str, *__: Any) -> dict[str, Any]:
        started.append(session_id)
        return {"id": "of nobody"}

    monkeypatch.setattr(Gateway, "start", start)
    known.sessions.rest(on.user_id)
    assert [(one.desired, one.reason) for one in known.sessions.of_user(on.user_id)] == [
        ("off", "account_disabled"),
        ("off", None),
    ]
    known.sessions.wake(on.user_id, "corr")
    assert started == [on.id]
    assert _desired(known, off) == "off"


@pytest.mark.parametrize(("status", "code", "shown"), [(409, "stale_epoch", "starting"), (422, "unknown_engine", "failed")])
def test_a_start_that_a_newer_order_overtook_has_not_failed(
    known: Services, linked: Linked, observe: Observe, monkeypatch: pytest.MonkeyPatch, status: int, code: str, shown: str
) -> None:
    def refuses(*_: Any) -> None:
        raise Problem(status, code, "")

    monkeypatch.setattr(Gateway, "start", refuses)
    restarted = known.sessions.restart(observe(status="connected", linked=True, desired="on"), "corr")
    assert restarted.status == shown


def test_what_was_observed_last_is_not_taken_back_by_a_gateway_that_is_lost(
    known: Services, linked: Linked, observe: Observe
) -> None:
    read = observe(status="connected", linked=True, desired="on")
    observe(status="failed", linked=True, desired="on", reason="opened_elsewhere")
    known.sessions.gateway_lost(read)
    assert known.sessions.of_user(read.user_id)[0].status == "failed"
