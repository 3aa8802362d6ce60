"""Figures of administrators come from counters alone, and agree with what was counted."""

from __future__ import annotations

import html
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages import Browser
from tests.support.web import Linked, bearer, register
from wabot.blueprints._context import services
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD
from wabot.lib.clock import day, now, to_rfc3339
from wabot.services import durations
from wabot.services.figures import iso_day
from wabot.store.counters import ALL, TOTAL
from wabot.store.ids import new_id


@pytest.fixture
def admin(client: FlaskClient) -> dict[str, str]:
    answer = client.post("/api/auth/login", json={"email": DEFAULT_ADMIN_EMAIL, "password": DEFAULT_ADMIN_PASSWORD})
    return bearer(answer.get_json()["token"])


def test_percentiles_are_read_off_the_buckets() -> None:
    counted: dict[str, int] = {}
    for milliseconds in (10, 80, 150, 150, 900, 900, 900, 900, 4_000, 200_000_000):
        name = durations.counter(durations.QUEUED_SENT, timedelta(milliseconds=milliseconds))
        counted[name] = counted.get(name, 0) + 1
    assert durations.count(counted, durations.QUEUED_SENT) == 10
    assert durations.percentile(counted, durations.QUEUED_SENT, 0.1) == 50
    assert durations.percentile(counted, durations.QUEUED_SENT, 0.6) == 750, "half-way through the bucket 500 to 1000"
    assert durations.percentile(counted, durations.QUEUED_SENT, 1.0) == 86_400_000, "longer than a day counts as a day"
    assert durations.percentile(counted, durations.SENT_DELIVERED, 0.5) is None
    assert durations.counter("x", timedelta(seconds=-5)) == "x_le_50", "clocks differ a little"


def test_stats_of_what_was_counted(app: Flask, client: FlaskClient, admin: dict[str, str], linked: Linked) -> None:
    sent = linked.send().get_json()
    linked.send()
    with app.app_context():
        tally, store = services().tally, services().store
        message = store.messages.get(sent["id"])
        assert message
        passed = [("sent", 1.5), ("delivered", 1.8)]
        entries = [{"status": status, "at": message.created_at + timedelta(seconds=after)} for status, after in passed]
        services().progress.advanced(message, entries, entries)
        tally.flush()
    stats = client.get("/api/admin/stats?days=7", headers=admin).get_json()
    assert stats["days"] == 7 and len(stats["per_day"]) == 7
    today = stats["per_day"][-1]
    assert today["day"] == iso_day(day(now()))
    assert (today["accepted"], today["sent"], today["delivered"], today["active_users"]) == (2, 1, 1, 1)
    assert stats["totals"]["accepted"] == 2 and stats["users"] == {"total": 2, "active_today": 1}
    assert stats["sessions"] == {"total": 1, "by_status": {"reconnecting": 1}}
    assert stats["delivery"]["queued_to_sent"]["count"] == 1 and 1000 < stats["delivery"]["queued_to_sent"]["p50_ms"] <= 2000
    assert stats["delivery"]["sent_to_delivered"]["p99_ms"] in range(200, 501)
    assert stats["top_senders"] == [{"user": {"id": linked.user["id"], "email": linked.user["email"]}, "accepted": 2}]
    with app.app_context():
        assert store.counters.of_day(ALL, TOTAL)["sent"] == 1


@pytest.mark.parametrize("seen", [["sent", "delivered", "read"], ["delivered", "read"], ["sent", "read"], ["read"]])
def test_a_tick_that_got_lost_is_counted_with_the_next(
    app: Flask, client: FlaskClient, admin: dict[str, str], linked: Linked, seen: list[str]
) -> None:
    message_id = linked.send().get_json()["id"]
    with app.app_context():
        store = services().store
        for status in ("sending", *seen):
            message = store.messages.get(message_id)
            assert message and services().progress.move(message, status)
        services().tally.flush()
    totals = client.get("/api/admin/stats?days=1", headers=admin).get_json()["totals"]
    assert {name: totals[name] for name in ("accepted", "sent", "delivered", "read")} == dict.fromkeys(
        ("accepted", "sent", "delivered", "read"), 1
    )


def test_the_dashboard_tells_what_is_scheduled_from_what_is_queued(app: Flask, linked: Linked) -> None:
    linked.send()
    for days in (1, 40):
        assert linked.send(send_at=to_rfc3339(now() + timedelta(days=days))).status_code == 202
    person = Browser(app)
    person.login(linked.user["email"], "correct horse")
    page = html.unescape(person.open("/dashboard").get_data(as_text=True))
    assert "<dt>Queued</dt><dd>1</dd>" in page
    assert 'href="/messages?status=scheduled">2 scheduled</a>' in page
    today = page.split('id="today-title">')[1].split("</h2>")[0]
    assert "in UTC" in today, "another day than the reader's begins"


def test_days_are_asked_for_within_reason(client: FlaskClient, admin: dict[str, str]) -> None:
    for days in ("0", "91", "x"):
        answer = client.get(f"/api/admin/stats?days={days}", headers=admin)
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "days")
    assert client.get("/api/admin/stats", headers=admin).get_json()["days"] == 30
    assert client.get("/api/admin/stats", headers=bearer(register(client)["token"])).status_code == 403


def test_the_first_figure_of_a_day_makes_a_user_active_once(app: Flask) -> None:
    with app.app_context():
        tally, counters = services().tally, services().store.counters
        for user in (new_id(), new_id()):
            for _ in range(3):
                tally.count(user, "accepted")
                tally.flush()
        assert counters.of_day(ALL, day(now())) == {"accepted": 6, "active": 2}


def test_top_senders_are_found_among_many(app: Flask) -> None:
    with app.app_context():
        counters = services().store.counters
        for number in range(1, 121):
            counters.add(f"user-{number}", "20260101", {"accepted": number})
            counters.add(f"user-{number}", "20260102", {"accepted": 1000})
        top = counters.top_senders("20260101", 120 * 121 // 2, 10)
        assert list(top.items()) == [(f"user-{number}", number) for number in range(120, 110, -1)]
        assert counters.top_senders("20260103", 0, 10) == {}


def test_sessions_have_pages_and_every_one_its_owner(
    app: Flask, client: FlaskClient, admin: dict[str, str], linked: Linked
) -> None:
    fields = {"engine": "webjs", "network": "sandbox", "created_at": now(), "since": now(), "observed_at": now(), "epoch": 1}
    with app.app_context():
        for number in range(7):
            services().store.sessions.add({"user_id": linked.user["id"], "name": f"s{number}", **fields})
        services().store.sessions.add({"user_id": new_id(), "name": "orphan", **fields})
    found: list[dict[str, object]] = []
    cursor = ""
    while cursor is not None:
        page = client.get(f"/api/admin/sessions?limit=4{cursor and f'&cursor={cursor}'}", headers=admin).get_json()
        assert len(page["items"]) <= 4
        found += page["items"]
        cursor = page["next_cursor"]
    assert [one["session"] for one in found] == ["orphan", *(f"s{number}" for number in range(6, -1, -1)), "default"]
    assert found[0]["user"]["email"] == "deleted" and all(one["user"]["email"] == linked.user["email"] for one in found[1:])  # type: ignore[index]
