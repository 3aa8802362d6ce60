"""A message that was sent, or cancelled, written once more: the form is filled in from the store, not by an address."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import PHONE, Linked, bearer, email
from wabot.lib.clock import now
from wabot.services.drafts import BODY_LENGTH

PARTS = re.compile(
    r'(?:<textarea[^>]* name="(\w+)"[^>]*>(.*?)</textarea>|<input[^>]* name="(\w+)"[^>]* value="([^"]*)")', re.DOTALL
)


@pytest.fixture
def person(app: Flask, linked: Linked) -> Browser:
    browser = Browser(app)
    browser.login(linked.user["email"], "correct horse")
    return browser


def cancelled(linked: Linked, **body: str) -> str:
    """The id of a message of this kind: the page of it offers to send it after all."""
    message_id: str = linked.send(**body).get_json()["id"]
    linked.client.post(f"/api/messages/{message_id}/cancel", headers=bearer(linked.token))
    return message_id


def fields(page: str) -> dict[str, str]:
    return {text or line: html.unescape(shown or value) for text, shown, line, value in PARTS.findall(page)}


def again(person: Browser, message_id: str) -> dict[str, str]:
    """The form behind the button of the message's page."""
    page = person.open(f"/messages/{message_id}").get_data(as_text=True)
    link = re.search(r'href="(/messages/new[^"]*)"', page.partition('id="message-head"')[2])
    assert link and len(link[1]) < 200, "a server takes no endless address"
    return fields(person.open(html.unescape(link[1])).get_data(as_text=True))


@pytest.mark.parametrize("text", ["short\n*one* & <all>", "né" * (BODY_LENGTH // 2)], ids=["short", "longest"])
def test_a_text_of_any_length_is_there_again(person: Browser, linked: Linked, text: str) -> None:
    form = again(person, cancelled(linked, message=text))
    assert (form["message"], form["to"], form["session"], form["send_at"]) == (text, "+1 202-555-0123", "default", "")


@pytest.mark.parametrize("zone", ["", "America/Sao_Paulo"])
def test_a_time_that_still_lies_ahead_is_kept(person: Browser, linked: Linked, zone: str) -> None:
    person.submit("/settings", "/settings/language", language="en", zone=zone)
    due = (now() + timedelta(days=2)).replace(second=0, microsecond=0)
    form = again(person, cancelled(linked, message="later", send_at=due.isoformat()))
    local = due.astimezone(ZoneInfo(zone) if zone else UTC)
    assert (form["send_at"], form["zone"]) == (f"{local:%Y-%m-%dT%H:%M}", zone or "UTC")


def test_a_time_that_has_passed_is_not(app: Flask, person: Browser, linked: Linked) -> None:
    message_id = cancelled(linked, message="later", send_at=(now() + timedelta(days=2)).isoformat())
    messages = app.extensions["wabot"].store.messages._messages
    assert messages.update_many({"message": "later"}, {"$set": {"send_at": datetime(2026, 1, 1, tzinfo=UTC)}}).modified_count
    assert again(person, message_id)["send_at"] == ""


def test_nobody_reads_another_ones_message_so(app: Flask, linked: Linked) -> None:
    message_id = cancelled(linked, to=PHONE, message="mine alone")
    answer = Browser(app).register(email()).open(f"/messages/new?again={message_id}")
    assert answer.status_code == 404 and "mine alone" not in answer.get_data(as_text=True)


def test_a_text_that_is_too_long_is_refused_whole(person: Browser) -> None:
    text = "é" * (BODY_LENGTH + 1)
    answer = person.submit("/messages/new", to=PHONE, message=text, session="default")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "Is longer than 65536 characters" in page and fields(page)["message"] == text
