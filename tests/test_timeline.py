"""The story of a message: its waits with their reasons, its tries, and messages sent later from the page."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import PHONE, Linked, bearer
from wabot.lib.clock import duration_for_people, local_to_utc, now, start_of_day
from wabot.services import timeline
from wabot.store.records import Message

START = datetime(2026, 3, 1, 12, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def told(*entries: dict[str, Any]) -> Message:
    return Message(
        "m", "u", "s", "default", "out", PHONE, None, "x", entries[-1]["status"], START, at(99), timeline=list(entries)
    )  # fmt: skip


STORY = (
    {"status": "queued", "at": at(0)},
    {
        "status": "sending",
        "at": at(60),
        "waits": [
            {"code": "session_not_connected", "since": at(-30), "until": at(40)},
            {"code": "pacing", "since": at(40), "until": at(50)},
            {"code": "back_off", "since": at(50), "until": at(50.1)},
        ],
    },
    {"status": "queued", "at": at(61), "detail": "engine_error"},
    {"status": "sending", "at": at(61.5)},
    {"status": "sent", "at": at(62)},
)


def test_waits_stand_before_the_step_they_led_to() -> None:
    shown = timeline.for_page(told(*STORY))
    waits = [(one["text"], one["seconds"]) for one in shown[1]["waits"]]
    assert waits == [
        ("Waited until WhatsApp was connected", 40.0),
        ("Waited for the gap after the previous message (pacing)", 10.0),
        ("Waited its turn behind the messages before it", 10.0),
    ]
    assert [one["attempt"] for one in shown] == [None, 1, None, 2, None]
    assert "refused" in shown[2]["text"] and shown[3]["waits"] == []


def test_the_api_shows_status_time_and_detail_only() -> None:
    shown = timeline.for_api(told(*STORY))
    assert [one["status"] for one in shown] == ["queued", "sending", "queued", "sending", "sent"]
    assert all(set(one) <= {"status", "at", "detail"} for one in shown)
    assert shown[1]["detail"] == "waited 40.0 s session_not_connected, 10.0 s pacing, 10.0 s queue"
    assert shown[2]["detail"] == "engine_error"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.42, "0.4 s"), (12, "12 s"), (200, "3 min 20 s"), (7500, "2 h 5 min"), (3 * 86_400, "3 days")]
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    assert duration_for_people(seconds) == text


@pytest.mark.parametrize(
    ("day", "zone", "utc"),
    [
        ("2026-07-01", "Asia/Tokyo", "2026-06-30T15:00"),
        ("2018-11-04", "America/Sao_Paulo", "2018-11-04T03:00"),  # clocks were put forward from midnight to one
        ("2026-10-25", "Atlantic/Azores", "2026-10-25T00:00"),  # the hour after midnight comes twice
        ("2026-07-01", "", "2026-07-01T00:00"),
    ],
)
def test_a_day_begins_with_its_first_moment_there(day: str, zone: str, utc: str) -> None:
    assert start_of_day(date.fromisoformat(day), zone) == datetime.fromisoformat(f"{utc}+00:00")


@pytest.mark.parametrize(
    ("typed", "zone", "utc"),
    [
        ("2026-12-24T18:00", "Europe/Berlin", "2026-12-24T17:00"),
        ("2026-07-01T18:00", "Europe/Berlin", "2026-07-01T16:00"),
        ("2026-07-01T18:00", "+05:30", "2026-07-01T12:30"),
        ("2026-07-01T18:00", "UTC", "2026-07-01T18:00"),
        ("2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30"),
    ],
)
def test_times_of_a_form_are_of_its_zone(typed: str, zone: str, utc: str) -> None:
    assert local_to_utc(typed, zone) == datetime.fromisoformat(f"{utc}+00:00")


@pytest.fixture
def person(app: Flask, linked: Linked) -> Browser:
    browser = Browser(app)
    browser.login(linked.user["email"], "correct horse")
    return browser


def compose(person: Browser, **fields: str) -> Any:
    return person.submit("/messages/new", to=PHONE, message="later", session="default", **fields)


def test_a_message_is_scheduled_on_the_page_seen_and_cancelled(person: Browser, linked: Linked) -> None:
    when = (now() + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    answer = compose(person, send_at=when, zone="Asia/Tokyo")
    assert answer.status_code == 302
    message_id = answer.headers["Location"].rsplit("/", 1)[1]
    page = person.open(f"/messages/{message_id}").get_data(as_text=True)
    assert "Waits for its time" in page and "Scheduled for" in page
    assert message_id in person.open("/messages?status=scheduled").get_data(as_text=True)
    shown = linked.client.get(f"/api/messages/{message_id}", headers=bearer(linked.token)).get_json()
    assert [one["status"] for one in shown["timeline"]] == ["scheduled"]
    due = re.search(r'Scheduled for</dt><dd><time datetime="([^"]+)"', page)
    assert due and due[1] == local_to_utc(when, "Asia/Tokyo").strftime("%Y-%m-%dT%H:%M:00.000Z")
    person.submit(f"/messages/{message_id}", f"/messages/{message_id}/cancel")
    assert message_id not in person.open("/messages?status=scheduled").get_data(as_text=True)
    assert "Cancelled" in person.open(f"/messages/{message_id}").get_data(as_text=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"send_at": "2020-01-01T10:00", "zone": "UTC"}, "Lies in the past"),
        ({"send_at": "soon", "zone": "UTC"}, "a date and a time"),
        ({"send_at": "2026-13-01T10:00", "zone": "UTC"}, "a date and a time"),
        ({"send_at": "2030-01-01T10:00", "zone": "Mars/Olympus"}, "known here"),
        ({"send_at": "2030-01-01T10:00", "zone": "../etc/passwd"}, "known here"),
        ({"send_at": "9999-12-31T23:59", "zone": "-12:00"}, "a date and a time"),
        ({"send_at": "2031-03-30T02:30", "zone": "Europe/Berlin"}, "clocks go forward"),
    ],
)
def test_what_is_no_time_is_said_beside_its_field_and_kept(person: Browser, fields: dict[str, str], words: str) -> None:
    answer = compose(person, **fields)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and words in page
    assert f'value="{fields["send_at"]}"' in page and f'value="{fields["zone"]}"' in page
