# ruff: noqa: F811
"""Which engine a session may use, and changing it: what waits to be sent goes on waiting, whoever dies in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked, bearer, register
from tests.test_pages_sessions import observe, panel, person  # noqa: F401  # two of them fixtures
from wabot.blueprints._context import services
from wabot.config import Settings
from wabot.errors import GatewayUnavailable, Invalid
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.gateway import Gateway
from wabot.services import session_machine as machine
from wabot.services.engines import Engines
from wabot.store.records import Session

FOUND = [
    {"name": "webjs", "abilities": [], "light": False, "experimental": False},
    {"name": "baileys", "abilities": [], "light": True, "experimental": True},
]
Observe = Callable[..., Session]


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, Any]]]:
    """What the gateway is told; it has both engines."""
    told: list[tuple[str, dict[str, Any]]] = []

    def heard(what: str) -> Callable[..., dict[str, Any]]:
        def call(self: Gateway, session_id: str, order: dict[str, Any], *_: Any) -> dict[str, Any]:
            told.append((what, order))
            return {"id": "of nobody"}

        return call

    monkeypatch.setattr(Gateway, "engines", lambda _: FOUND)
    monkeypatch.setattr(Gateway, "logout", heard("logout"))
    monkeypatch.setattr(Gateway, "start", heard("start"))
    return told


def choice(settings: Settings, **changed: Any) -> Engines:
    return Engines(Gateway(None), settings.model_copy(update=changed))  # type: ignore[arg-type]


@pytest.mark.usefixtures("gateway")
def test_an_experimental_engine_goes_live_only_where_the_operator_allows_it(settings: Settings) -> None:
    assert [one.name for one in choice(settings).offered("sandbox")] == ["webjs", "baileys"]
    assert [one.name for one in choice(settings).offered("live")] == ["webjs"]
    for changed in ({"baileys_live": True}, {"baileys_url": "ws://127.0.0.1:1"}):
        assert [one.name for one in choice(settings, **changed).offered("live")] == ["webjs", "baileys"]
    with pytest.raises(Invalid, match="WA_BAILEYS_LIVE"):
        choice(settings).check("baileys", "live")
    with pytest.raises(Invalid, match="choose from webjs, baileys"):
        choice(settings).check("unheard", "sandbox")
    choice(settings).check("baileys", "sandbox")


@pytest.mark.usefixtures("gateway")
def test_the_api_refuses_an_engine_by_its_field(app: Flask, linked: Linked) -> None:
    client = app.test_client()
    for body, words in (
        ({"session": "a", "engine": "unheard"}, "choose from"),
        ({"session": "b", "engine": "baileys", "network": "live"}, "experimental"),
    ):
        answer = client.post("/api/whatsapp/initialize", json=body, headers={"Authorization": f"Bearer {linked.token}"})
        assert answer.status_code == 422
        assert words in str(answer.json)
    assert {one.name for one in _sessions(app, linked)} == {"default"}


def test_where_whatsapp_web_changed_the_other_engine_is_offered_loudly(
    app: Flask,
    linked: Linked,
    person: Browser,
    observe: Observe,
    gateway: list[Any],
) -> None:
    observe(status="failed", linked=True, desired="on", reason="whatsapp_changed", missing=["send"])
    shown = panel(person)
    assert "Another engine doesn't need WhatsApp Web" in shown and "Switch to Baileys (light)" in shown
    observe(status="connected", linked=True, desired="on")
    assert "Use another engine" in panel(person)
    observe(status="failed", linked=True, desired="on", network="live", reason="whatsapp_changed", missing=["send"])
    assert 'id="other-engine"' not in panel(person)
    observe(status="disconnected")
    assert 'id="other-engine"' not in panel(person)
    assert gateway == []


def test_switching_logs_out_and_starts_the_other_in_one_step(
    app: Flask,
    linked: Linked,
    person: Browser,
    observe: Observe,
    gateway: list[tuple[str, dict[str, Any]]],
) -> None:
    before = observe(status="connected", linked=True, desired="on")
    person.submit("/whatsapp", "/whatsapp/engine", session="default", engine="baileys")
    [session] = _sessions(app, linked)
    assert [(what, order["engine"], order["epoch"]) for what, order in gateway] == [
        ("logout", "webjs", before.epoch + 1),
        ("start", "baileys", before.epoch + 2),
    ]
    assert (session.engine, session.desired, session.status, session.linked) == ("baileys", "on", "starting", False)
    assert session.switching and session.switch_to is None
    assert machine.accepts_messages(session), "what is sent meanwhile waits"
    asleep = {"status": "disconnected", "reason": "qr_not_scanned", "linked": False}
    assert machine.accepts_messages(_seen(session, **asleep)), "also when nobody scanned in time"
    assert not _seen(session, status="connected", linked=True).switching
    assert not machine.accepts_messages(_changed(session, machine.ordered_end(session, now())))


def test_switching_while_the_gateway_is_away_is_finished_by_the_worker(
    app: Flask,
    linked: Linked,
    observe: Observe,
    gateway: list[tuple[str, dict[str, Any]]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    observe(status="connected", linked=True, desired="on")
    hears = Gateway.logout

    def away(*_: Any) -> Any:
        raise GatewayUnavailable

    monkeypatch.setattr(Gateway, "logout", away)
    with app.app_context():
        sessions = services().sessions
        with pytest.raises(GatewayUnavailable):
            sessions.switch_engine(linked.user["id"], "default", "baileys", "c1")
        [ordered] = services().store.sessions.desired("logout")
        assert (ordered.engine, ordered.switch_to) == ("webjs", "baileys")
        assert machine.accepts_messages(ordered)
        monkeypatch.setattr(Gateway, "logout", hears)
        sessions.finish_logout(ordered, "c2")
    [session] = _sessions(app, linked)
    assert (session.engine, session.status) == ("baileys", "starting")
    assert [what for what, _ in gateway] == ["logout", "start"]


def _sessions(app: Flask, linked: Linked) -> list[Session]:
    with app.app_context():
        return services().store.sessions.of_user(linked.user["id"])


def _changed(session: Session, changes: dict[str, Any]) -> Session:
    return type(session)(**{**vars(session), **changes})


def _seen(session: Session, **fields: Any) -> Session:
    moment = to_rfc3339(now())
    snapshot = {"epoch": session.epoch, "since": moment, "observed_at": moment, "reason": None, **fields}
    return _changed(session, machine.observed(session, snapshot))


def initialize(linked: Linked, token: str, **order: str) -> tuple[int, str]:
    answer = linked.client.post("/api/whatsapp/initialize", json=order, headers=bearer(token))
    return answer.status_code, answer.get_json().get("code", "")


@pytest.mark.parametrize("order", [{"engine": "baileys"}, {"network": "live"}])
def test_a_linked_session_is_disconnected_before_it_is_another(
    linked: Linked, gateway: list[tuple[str, dict[str, Any]]], order: dict[str, str]
) -> None:
    assert initialize(linked, linked.token, **order) == (409, "session_linked")
    assert gateway == []
    assert initialize(linked, linked.token) == (202, "")


def test_who_asks_for_a_code_instead_of_the_picture_gets_one(linked: Linked, gateway: list[tuple[str, dict[str, Any]]]) -> None:
    token = register(linked.client)["token"]
    by_code = {"network": "sandbox", "method": "code", "phone": "+12025550143"}
    for order in ({"network": "sandbox"}, {"network": "sandbox"}, by_code, by_code):
        assert initialize(linked, token, **order) == (202, "")
    ways = [(order["method"], order["phone"], order["epoch"]) for _, order in gateway]
    assert ways == [("qr", None, 1), ("code", "+12025550143", 2)]
