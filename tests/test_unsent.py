"""Forms that can't be taken as they come, under another login or without the database: the reason is true, what was typed stays."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import PHONE, Linked
from wabot.services.identity import Identity
from wabot.store import DATABASE_DOWN
from wabot.store.messages import MessageFilter

TYPED = "a long text\n*with* <all> that & was typed"
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')


@pytest.fixture
def person(app: Flask, linked: Linked) -> Browser:
    browser = Browser(app)
    browser.login(linked.user["email"], "correct horse")
    return browser


def form(person: Browser, **fields: str) -> dict[str, str]:
    """Filled in while the login lasted."""
    return {"csrf_token": person.token("/messages/new"), "to": PHONE, "message": TYPED, "session": "default", **fields}


def sent(app: Flask, linked: Linked) -> list[str]:
    found = app.extensions["wabot"].messages.page(linked.user["id"], MessageFilter(), limit=9, cursor=None)
    return [one.message for one in found.items]


def fields_again(page: str) -> dict[str, str]:
    """Of the form that sends what the page shows."""
    hidden = HIDDEN.findall(page.partition('id="again"')[2].partition("</form>")[0])
    return {name: html.unescape(value) for name, value in hidden}


def log_out(person: Browser) -> None:
    assert person.submit("/dashboard", "/logout").status_code == 302


def end_login(app: Flask, person: Browser, linked: Linked) -> None:
    """From another device: the cookie, and with it the form's token, is left as it was."""
    app.extensions["wabot"].logins.end_others(linked.user["id"], "none of them")


@pytest.mark.parametrize("way", ["logged out", "ended elsewhere"])
def test_what_was_typed_outlives_the_login(app: Flask, person: Browser, linked: Linked, way: str) -> None:
    typed = form(person, password="correct horse")
    log_out(person) if way == "logged out" else end_login(app, person, linked)
    answer = person.client.post("/messages/new", data=typed)
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 401 and "Your login has ended" in page
    assert TYPED in page and PHONE in page and 'href="/login?next=/messages/new"' in page
    assert "correct horse" not in page and sent(app, linked) == []


def test_a_form_of_an_earlier_login_is_shown_again_and_can_be_sent(app: Flask, person: Browser, linked: Linked) -> None:
    typed = form(person, idempotency_key="once")
    log_out(person)
    person.login(linked.user["email"], "correct horse")
    answer = person.client.post("/messages/new", data=typed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400 and "from before" in page and linked.user["email"] in page
    assert TYPED in html.unescape(page) and sent(app, linked) == []
    again = fields_again(page)
    assert {**again, "csrf_token": ""} == {**typed, "csrf_token": ""}
    assert person.client.post("/messages/new", data=again).status_code == 302 and sent(app, linked) == [TYPED]


def test_a_button_leads_back_to_its_page(person: Browser, linked: Linked) -> None:
    """What shows nothing of its own to look at isn't sent again from here."""
    message_id = linked.send().get_json()["id"]
    page = person.client.post(f"/messages/{message_id}/cancel").get_data(as_text=True)
    assert f'href="/messages/{message_id}"' in page and 'id="again"' not in page
    log_out(person)
    answer = person.client.post(f"/messages/{message_id}/cancel")
    assert answer.status_code == 401 and f'href="/login?next=/messages/{message_id}"' in answer.get_data(as_text=True)


def test_only_messages_are_sent_again_from_a_form_without_a_token(app: Flask, person: Browser) -> None:
    """Somebody else may have made it, with more in it than is seen."""
    webhook = {"url": "https://example.com/hook", "events": "*", "description": "Orders"}
    page = person.client.post("/webhooks/new", data=webhook).get_data(as_text=True)
    assert "Orders" in page and 'id="again"' not in page


def test_no_password_is_sent_again_or_shown(app: Flask) -> None:
    answer = Browser(app).client.post("/register", data={"email": "ann@example.com", "name": "Ann", "password": "correct horse"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400 and "ann@example.com" in page and 'href="/register"' in page
    assert "correct horse" not in page and "Your login has ended" not in page and 'id="again"' not in page


def test_scripts_are_told_as_before(person: Browser) -> None:
    answer = person.client.post("/messages/recipients", data={"to": PHONE}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.get_json()["code"]) == (400, "csrf")


def test_what_was_typed_outlives_a_database_that_is_away(
    app: Flask, person: Browser, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = form(person, idempotency_key="once")

    def away(*_: object) -> None:
        raise DATABASE_DOWN[0]("away")

    with monkeypatch.context() as patch:
        patch.setattr(Identity, "by_cookie", away)
        answer = person.client.post("/messages/new", data=typed)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 503 and "may have been stored" in page and TYPED in html.unescape(page)
        only_asked = person.open("/dashboard").get_data(as_text=True)
        assert "Try again in a moment." in only_asked and "may have been stored" not in only_asked
        disconnected = person.client.post("/whatsapp/disconnect", data={"csrf_token": typed["csrf_token"]}).get_data(as_text=True)
        assert 'href="/whatsapp"' in disconnected and 'id="again"' not in disconnected
    assert person.client.post("/messages/new", data=fields_again(page)).status_code == 302 and sent(app, linked) == [TYPED]
