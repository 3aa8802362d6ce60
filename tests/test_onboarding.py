"""The way from an account to the first message, and the one thing to do next, as the pages show it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked, bearer, email
from wabot.blueprints._context import services

WAY = 'aria-label="The way to your first message"'


@pytest.fixture
def person(app: Flask, linked: Linked) -> Browser:
    browser = Browser(app)
    browser.login(linked.user["email"], "correct horse")
    return browser


def change(app: Flask, who: Linked, **fields: Any) -> None:
    with app.app_context():
        session = services().store.sessions.named(who.user["id"], "default")
        assert session and services().store.sessions.change(session.id, session.epoch, fields)


def text(person: Browser, path: str = "/dashboard") -> str:
    return person.open(path).get_data(as_text=True)


def test_each_step_is_shown_with_a_virtual_phone_as_another_way(app: Flask) -> None:
    newcomer = Browser(app)
    assert WAY in text(newcomer, "/register") and "a virtual one scans" in text(newcomer, "/register")
    newcomer.register(email())
    for path in ("/dashboard", "/whatsapp"):
        assert WAY in text(newcomer, path)
    assert "Link your WhatsApp account" in text(newcomer) and "Use a virtual phone" in text(newcomer)


def test_a_newcomer_is_told_what_the_name_default_is(app: Flask, linked: Linked, person: Browser) -> None:
    newcomer, said = Browser(app).register(email()), "“default” is the name of your first session"
    assert said in text(newcomer, "/whatsapp") and said in text(person, "/whatsapp")
    linked.send()
    assert said not in text(person, "/whatsapp"), "who has sent a message knows"


def test_the_next_step_follows_what_is_there(app: Flask, linked: Linked, person: Browser) -> None:
    change(app, linked, status="qr", linked=False, network="live")
    assert "waits for a phone to scan its code" in text(person) and "Use a virtual phone" in text(person)
    change(app, linked, status="reconnecting", linked=True, network="sandbox")
    assert "Send your first message" in text(person)
    assert "+1 202 557 0143</textarea>" in text(person, "/messages/new")
    sent = linked.send().get_json()["id"]
    assert "Send from your own program" in text(person) and WAY not in text(person)
    assert WAY in text(person, f"/messages/{sent}")
    linked.send(message="the second")
    assert WAY not in text(person, f"/messages/{sent}")
    linked.client.post("/api/keys", json={"name": "x"}, headers=bearer(linked.token))
    assert 'id="next-title"' not in text(person)
    change(app, linked, status="failed", reason="launch_failed")
    assert "“default” needs you" in text(person)
    change(app, linked, status="disconnected", reason=None, linked=False)
    assert "Link your WhatsApp account again" in text(person)


def test_test_mode_that_cannot_start_says_so(app: Flask, person: Browser) -> None:
    answer = person.submit("/dashboard", "/sandbox/start")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/whatsapp")
    assert 'data-kind="error"' in text(person, "/whatsapp")


def test_the_chart_counts_the_days(app: Flask, linked: Linked, person: Browser) -> None:
    assert 'id="chart"' not in text(person)
    with app.app_context():
        services().tally.count(linked.user["id"], "accepted")
        services().tally.count(linked.user["id"], "sent")
        services().tally.flush()
    page = text(person)
    assert 'id="chart"' in page and page.count('<rect class="chart-day"') == 14
