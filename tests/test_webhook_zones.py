"""The times that a webhook's page asks for are of the zone of the times beside them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from wabot.lib.clock import now

hooked, receiver, settings = house.hooked, house.receiver, house.settings
TOKYO = ZoneInfo("Asia/Tokyo")


def typed(moment: datetime, zone: ZoneInfo = TOKYO) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}"


@pytest.fixture
def here(hooked: Hooked, receiver: Receiver) -> str:
    """The page of a webhook with one delivery, of somebody in Tokyo by their settings."""
    made = hooked.endpoint(receiver.url, "message.queued")
    hooked.send()
    hooked.work()
    hooked.page("/settings")
    hooked.browser.submit("/settings", "/settings/language", language="en", zone="Asia/Tokyo")
    return f"/webhooks/{made['id']}"


def test_the_page_asks_in_the_zone_of_the_settings(hooked: Hooked, here: str) -> None:
    page = hooked.page(here)
    assert page.count("<span data-zone-name>Asia/Tokyo</span>") == 2 and "UTC)" not in page
    [shown] = re.findall(r'id="again-since"[^>]* value="([^"]+)"', page)
    an_hour_ago = datetime.fromisoformat(shown).replace(tzinfo=TOKYO)
    assert timedelta(minutes=59) < now() - an_hour_ago < timedelta(minutes=62)


@pytest.mark.parametrize(("minutes", "shown"), [(-5, 1), (5, 0)])
def test_the_log_is_filtered_in_that_zone(hooked: Hooked, here: str, minutes: int, shown: int) -> None:
    since = typed(now() + timedelta(minutes=minutes))
    page = hooked.page(f"{here}?since={since}&zone=Asia/Tokyo")
    assert page.count("data-delivery=") == shown and f'value="{since}"' in page


def test_an_address_without_a_zone_goes_on_being_in_utc(hooked: Hooked, here: str) -> None:
    past, coming = (f"{now().astimezone(UTC) + timedelta(minutes=minutes):%Y-%m-%dT%H:%M}" for minutes in (-5, 5))
    assert hooked.page(f"{here}?since={past}").count("data-delivery=") == 1
    page = hooked.page(f"{here}?since={coming}")
    assert "data-delivery=" not in page and '<input type="hidden" name="zone" value="UTC">' in page


@pytest.mark.parametrize(("minutes", "arrivals"), [(-5, 2), (5, 1)])
def test_what_is_sent_again_is_since_a_time_of_that_zone(
    hooked: Hooked, receiver: Receiver, here: str, minutes: int, arrivals: int
) -> None:
    since = typed(now() + timedelta(minutes=minutes))
    hooked.browser.submit(here, f"{here}/redeliver", since=since, zone="Asia/Tokyo")
    hooked.work()
    assert len(receiver.requests) == arrivals


def test_a_time_to_send_again_from_is_needed_and_missed_in_plain_words(hooked: Hooked, here: str) -> None:
    assert re.search(r'id="again-since"[^>]* required', hooked.page(here))
    answer = hooked.browser.submit(here, f"{here}/redeliver", since="", zone="Asia/Tokyo")
    page = hooked.browser.open(answer.headers["Location"]).get_data(as_text=True)
    assert "<p>Isn&#39;t a date and a time</p>" in page and "since:" not in page


@pytest.mark.parametrize(("zone", "why"), [("Europe/Atlantis", "known here"), ("Europe/Berlin", "clocks go forward")])
def test_a_time_that_is_none_in_its_zone_is_refused_beside_its_field(hooked: Hooked, here: str, zone: str, why: str) -> None:
    answer = hooked.browser.open(f"{here}?since=2026-03-29T02:30&zone={zone}")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "data-delivery=" in page) == (422, False)
    assert re.search(rf'id="since-error".*{why}', page) and 'name="zone" value="Asia/Tokyo"' in page
