"""A dry run says what would become of a message, and leaves no trace: nothing is sent, stored, or told."""

from __future__ import annotations

import html
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.api import Api
from tests.support.pages import Browser
from tests.support.stack import Stack
from tests.support.web import PHONE, Linked, bearer
from wabot.blueprints._context import live, services
from wabot.lib.clock import now, to_rfc3339
from wabot.lib.gateway import Gateway

NOBODY = "+49 170 1234567"
Users = Callable[[str], Api]


@pytest.fixture(scope="module", params=["webjs", "baileys"])
def sender(request: pytest.FixtureRequest, new_user: Users) -> Api:
    user = new_user(f"dry-{request.param}")
    user.link(f"+1555023000{len(request.param)}", engine=request.param)
    return user


def test_whatsapp_is_asked_and_nothing_is_sent(stack: Stack, sender: Api) -> None:
    known = sender.post("/api/messages/dry-run", {"to": "+1 (202) 557-0001", "message": "hello"})
    assert (known.status_code, known.json()) == (
        200,
        {"to": "+12025570001", "session": "default", "on_whatsapp": True, "waits": None},
    )
    unknown = sender.post("/api/messages/dry-run", {"to": NOBODY}).json()
    assert (unknown["to"], unknown["on_whatsapp"]) == ("+491701234567", False)
    assert sender.get("/api/messages").json()["items"] == []
    assert stack.sandbox("GET", "/phones/+12025570001/inbox") == []


def test_a_message_for_later_says_so(sender: Api) -> None:
    later = to_rfc3339(now() + timedelta(hours=1))
    waits = sender.post("/api/messages/dry-run", {"to": "+12025570001", "send_at": later}).json()["waits"]
    assert (waits["code"], waits["until"]) == ("scheduled", later)


def dry_run(linked: Linked, **body: Any) -> Any:
    return linked.client.post("/api/messages/dry-run", json={"to": PHONE, **body}, headers=bearer(linked.token))


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"to": "12"}, 422, "invalid_number"),
        ({"message": ""}, 422, "invalid_request"),
        ({"message": "x" * 65_537}, 422, "message_too_long"),
        ({"session": "nobodys"}, 404, "not_found"),
        ({"send_at": "9999-01-01T00:00:00Z"}, 422, "invalid_request"),
        ({"wait": 5}, 422, "invalid_request"),
        ({}, 409, "session_not_connected"),
    ],
)
def test_what_a_send_would_refuse_is_refused(linked: Linked, body: dict[str, Any], status: int, code: str) -> None:
    """And while the session is reconnecting WhatsApp can't be asked."""
    answer = dry_run(linked, **body)
    assert (answer.status_code, answer.get_json()["code"]) == (status, code)


@pytest.fixture
def connected(app: Flask, linked: Linked) -> Linked:
    """As far as the store knows; its gateway is away."""
    with app.app_context():
        store = services().store.sessions
        [found] = store.of_user(linked.user["id"])
        assert store.change(found.id, found.epoch, {"status": "connected", "observed_at": now()})
    return linked


def test_a_gateway_that_is_away_is_503_and_the_call_counts(connected: Linked) -> None:
    answer = dry_run(connected)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "gateway_unavailable")
    assert answer.headers["RateLimit-Policy"] == "60;w=60" and answer.headers["RateLimit-Remaining"] == "59"


def test_few_at_a_time(app: Flask, connected: Linked) -> None:
    with app.app_context():
        waiting, user_id = live().waiting, connected.user["id"]
        while waiting.enter(user_id):
            pass
        assert (dry_run(connected).status_code, dry_run(connected).get_json()["code"]) == (429, "rate_limited")
        waiting.leave(user_id)
        assert dry_run(connected).status_code == 503


def test_reading_its_address_says_that_it_is_posted_to(linked: Linked) -> None:
    answer = linked.client.get("/api/messages/dry-run", headers=bearer(linked.token))
    assert answer.status_code == 404 and "use POST" in answer.get_json()["detail"]


def checked(linked: Linked, **fields: str) -> tuple[int, str]:
    """What the form for writing answers to its second button."""
    browser = Browser(linked.client.application)
    browser.login(linked.user["email"], "correct horse")
    form = {"to": "+1 202 557 0001", "message": "", "session": "default", "check": "yes", **fields}
    answer = browser.submit("/messages/new", **form)
    return answer.status_code, html.unescape(answer.get_data(as_text=True))


def test_the_form_says_whether_a_number_is_on_whatsapp_and_keeps_what_was_written(
    connected: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Gateway, "exists", lambda *_: True)
    status, page = checked(connected, message="half a thought")
    assert (status, "\u2066+1 202-557-0001\u2069 is on WhatsApp." in page) == (200, True)
    assert "half a thought</textarea>" in page
    monkeypatch.setattr(Gateway, "exists", lambda *_: False)
    status, page = checked(connected)
    assert (status, "\u2066+1 202-557-0001\u2069 is not on WhatsApp." in page) == (200, True)
    assert connected.client.get("/api/messages", headers=bearer(connected.token)).get_json()["items"] == []


@pytest.mark.parametrize(
    ("to", "status", "said"),
    [
        ("", 422, "Is empty"),
        ("mum", 422, "“mum”"),
        ("+12025570001, +12025570002", 422, "Has several numbers: only one at a time is checked"),
        ("+12025570001", 503, "gateway"),
    ],
)
def test_the_form_says_why_a_number_can_not_be_checked(connected: Linked, to: str, status: int, said: str) -> None:
    answered, page = checked(connected, to=to)
    assert (answered, said in page) == (status, True)


def test_the_form_can_not_check_while_the_session_is_reconnecting(linked: Linked) -> None:
    status, page = checked(linked)
    assert (status, "so that WhatsApp can't be asked" in page) == (409, True)
