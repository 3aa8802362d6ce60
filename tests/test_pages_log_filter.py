"""The log's filter on its page: by days, and what it does with what it can't read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from tests.support import zones
from tests.support.pages import Browser
from tests.support.web import Linked
from wabot.lib.clock import now


@pytest.fixture
def person(app: Flask, linked: Linked) -> Browser:
    browser = Browser(app)
    assert browser.login(linked.user["email"], "correct horse").status_code == 302
    return browser


@pytest.mark.parametrize(
    ("since", "until", "found"),
    [(0, 0, True), (-1, None, True), (None, 1, True), (None, -1, False), (1, None, False)],
)
def test_days_filter_the_log(person: Browser, linked: Linked, since: int | None, until: int | None, found: bool) -> None:
    assert linked.send(message="of today").status_code == 202
    today = now().date()
    days = {"since": since, "until": until}
    query = "&".join(f"{name}={today + timedelta(days=away)}" for name, away in days.items() if away is not None)
    assert ("of today" in person.open(f"/messages?{query}").get_data(as_text=True)) is found


@pytest.mark.parametrize("zone", zones.FARTHEST)
def test_days_are_those_of_the_readers_zone(person: Browser, linked: Linked, zone: str) -> None:
    zones.settle_in(person, zone)
    assert linked.send(message="of today").status_code == 202
    assert zones.asks_in(person.open("/messages").get_data(as_text=True), zone)
    for query, found in zones.queries_around_today(zone):
        page = person.open(f"/messages?{query}").get_data(as_text=True)
        assert ("of today" in page) is found, query
        assert ("of today" in person.open(f"/messages/export.csv?{query}").get_data(as_text=True)) is found
        assert not found or f"zone={zone.replace('/', '%2F')}" in page or f"zone={zone}" in page, "the export is of the same days"


def test_an_address_without_a_zone_goes_on_being_in_utc(person: Browser, linked: Linked) -> None:
    zones.settle_in(person, zones.FARTHEST[0])
    assert linked.send(message="of today").status_code == 202
    today = now().date()
    page = person.open(f"/messages?since={today}&until={today}").get_data(as_text=True)
    assert "of today" in page and '<input type="hidden" name="zone" value="UTC">' in page


def test_the_last_of_all_days_leaves_nothing_out(person: Browser, linked: Linked) -> None:
    assert linked.send(message="of today").status_code == 202
    assert "of today" in person.open("/messages?until=9999-12-31").get_data(as_text=True)


@pytest.mark.parametrize(
    ("query", "kept", "words"),
    [
        ("to=0143", 'value="0143"', "Is not a phone number"),
        ("to=abc&q=of", 'value="abc"', "Is not a phone number"),
        ("status=<lost>", '<option value="&lt;lost&gt;" selected', "Is not a status of a message"),
        ("since=2026-13-45", 'type="text" value="2026-13-45"', "isn&#39;t a date such as 2030-12-31"),
        ("since=2026-11-22&zone=Europe/Atlantis", 'value="2026-11-22"', "isn&#39;t known here"),
        ("until=2026-11-22T10:00", 'type="text" value="2026-11-22T10:00"', "isn&#39;t a date such as 2030-12-31"),
    ],
)
def test_a_filter_that_cant_be_read_shows_nothing(person: Browser, linked: Linked, query: str, kept: str, words: str) -> None:
    assert linked.send(message="of today").status_code == 202
    answer = person.open(f"/messages?{query}")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422 and "of today" not in page
    assert kept in page and words.lower() in page.lower() and 'aria-invalid="true"' in page
    export = person.open(f"/messages/export.csv?{query}")
    assert export.status_code == 422 and "of today" not in export.get_data(as_text=True)
