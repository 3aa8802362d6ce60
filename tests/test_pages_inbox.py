"""The inbox as a person without JavaScript uses it."""

from __future__ import annotations

import html

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.told import Teller
from tests.support.web import Linked, bearer
from wabot.blueprints._context import services


@pytest.fixture
def person(app: Flask, linked: Linked) -> Browser:
    browser = Browser(app)
    browser.login(linked.user["email"], "correct horse")
    return browser


@pytest.fixture
def chat(app: Flask, linked: Linked) -> str:
    """The id of a chat with one message that came in."""
    Teller(app, linked.client, linked.user["id"]).tell("hello")
    [found] = linked.client.get("/api/chats", headers=bearer(linked.token)).get_json()["items"]
    return str(found["id"])


def text_of(browser: Browser, path: str) -> str:
    return html.unescape(browser.open(path).get_data(as_text=True))


def unlink(app: Flask, linked: Linked) -> None:
    with app.app_context():
        sessions = services().store.sessions
        session = sessions.named(linked.user["id"], "default")
        assert session
        sessions.change(session.id, session.epoch, {"linked": False, "status": "disconnected"})


@pytest.mark.parametrize(
    ("language", "why"),
    [
        ("en", "It was not sent: the session is not connected."),
        ("pt-BR", "Não foi enviada: a sessão não está conectada."),
    ],
)
def test_an_answer_that_cannot_go_says_why(
    app: Flask, linked: Linked, person: Browser, chat: str, language: str, why: str
) -> None:
    person.submit("/settings", "/settings/language", language=language, zone="")
    path, link = f"/inbox/{chat}", 'href="/whatsapp?session=default"'
    assert link not in text_of(person, path)
    unlink(app, linked)
    assert link in text_of(person, path)
    answer = person.submit(path, f"{path}/reply", message="Yes", idempotency_key="a")
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 409
    assert f"<span>{why}" in page and ">Yes</textarea>" in page


def test_nothing_unread_is_no_search_that_found_nothing(person: Browser, chat: str) -> None:
    assert "Nothing unread" not in text_of(person, "/inbox?unread=1")
    person.submit(f"/inbox/{chat}", f"/inbox/{chat}/read")
    page = text_of(person, "/inbox?unread=1&session=default")
    assert "Nothing unread" in page and "Nothing found" not in page
    assert 'href="/inbox?session=default">Show all chats' in page
    assert "Nothing found" in text_of(person, "/inbox?unread=1&q=nobody")


def test_an_answer_that_is_refused_for_its_text_says_so(person: Browser, chat: str) -> None:
    answer = person.submit(f"/inbox/{chat}", f"/inbox/{chat}/reply", message=" ", idempotency_key="a")
    assert answer.status_code == 422
    assert "<span>Is empty" in answer.get_data(as_text=True)
