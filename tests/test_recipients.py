"""One text to several numbers by the form, and the log taken away as CSV."""

from __future__ import annotations

import csv
import html
import io
import re

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked, email
from wabot.services import messages

ANN, BEN = "+12025550143", "+12025550144"


@pytest.fixture
def person(app: Flask, linked: Linked) -> Browser:
    browser = Browser(app)
    browser.login(linked.user["email"], "correct horse")
    return browser


def sent(linked: Linked) -> list[str]:
    answer = linked.client.get("/api/messages?limit=200", headers={"Authorization": f"Bearer {linked.token}"})
    return [one["to"] for one in reversed(answer.get_json()["items"])]


def field_of(page: str, name: str) -> str:
    found = re.search(rf'<textarea[^>]* name="{name}"[^>]*>(.*?)</textarea>', page, re.DOTALL)
    assert found
    return html.unescape(found[1])


def test_each_number_gets_a_message_of_its_own_once(person: Browser, linked: Linked) -> None:
    form = {"to": f"[{ANN}; 1 (202) 555-0144\n{ANN}]", "message": "Hello", "session": "default", "idempotency_key": "form-1"}
    for _ in range(2):
        answer = person.submit("/messages/new", **form)
        assert (answer.status_code, answer.headers["Location"]) == (302, "/messages")
    assert "2 messages are accepted" in person.open("/messages").get_data(as_text=True)
    assert sent(linked) == [ANN, BEN]


def test_nothing_is_sent_while_a_number_is_wrong_and_all_is_kept(person: Browser, linked: Linked) -> None:
    answer = person.submit("/messages/new", to=f"{ANN}, <b>mum</b>, 12", message="Hello", session="default")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "“b mum /b”, “12” are no phone numbers" in html.unescape(page)
    group = person.submit("/messages/new", to="491511234567@g.us", message="Hello", session="default").get_data(as_text=True)
    assert "“491511234567@g.us” is not a person: wabot doesn't write to groups and channels" in html.unescape(group)
    assert field_of(page, "to").split("\n") == ["b mum /b", "12", "+1 202-555-0143"]
    assert sent(linked) == []


def test_what_the_limits_refuse_stays_in_the_form(person: Browser, linked: Linked) -> None:
    numbers = "\n".join(f"+1202557{number:04}" for number in range(70))
    answer = person.submit("/messages/new", to=numbers, message="Hello", session="default", idempotency_key="form-2")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 429 and answer.headers["Retry-After"]
    assert len(field_of(page, "to").split("\n")) == 10
    assert "Messages accepted: 60" in page
    assert len(sent(linked)) == 60


def test_the_number_of_numbers_is_bounded(person: Browser) -> None:
    numbers = ",".join(f"+1202557{number:04}" for number in range(101))
    answer = person.submit("/messages/new", to=numbers, message="Hello", session="default")
    assert answer.status_code == 422 and "101 numbers" in answer.get_data(as_text=True)


def test_the_form_is_told_what_is_found_while_one_types(person: Browser) -> None:
    answer = person.submit("/messages/new", "/messages/recipients", to=f"{ANN} {BEN} {ANN}, mum")
    assert answer.get_json() == {"numbers": 2, "refused": ["mum"], "doubles": 1, "text": "mum\n+1 202-555-0143\n+1 202-555-0144"}


def test_the_log_as_csv_has_every_row_once_and_no_formula(
    person: Browser, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "_READ_AT_ONCE", 5)
    for number, text in enumerate(["=1+1", "@SUM(A1)", 'two\nlines, and a "quote"', *map(str, range(9))]):
        linked.send(to=f"+1202557{number:04}", message=text)
    answer = person.open("/messages/export.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8" and answer.is_streamed
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True))))
    assert len(rows) == len({one["id"] for one in rows}) == 12
    texts = [one["message"] for one in reversed(rows)]
    assert texts[:4] == ["'=1+1", "'@SUM(A1)", 'two\nlines, and a "quote"', "0"]
    assert rows[-1]["to"] == "+12025570000" and rows[-1]["status"] == "queued"
    filtered = person.open("/messages/export.csv?q=two").get_data(as_text=True)
    assert len(list(csv.DictReader(io.StringIO(filtered)))) == 1


def test_the_export_is_ones_own(app: Flask, person: Browser, linked: Linked) -> None:
    linked.send(message="secret")
    stranger = Browser(app).register(email())
    assert "secret" not in stranger.open("/messages/export.csv").get_data(as_text=True)
    assert Browser(app).open("/messages/export.csv").status_code == 302
