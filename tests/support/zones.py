"""Filters by days, asked by somebody whose day is another one than in UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from tests.support.pages import Browser
from wabot.lib.clock import now

FARTHEST = ["Pacific/Kiritimati", "Pacific/Pago_Pago"]
"""At any moment another day than in UTC at one of them."""


def settle_in(reader: Browser, zone: str) -> None:
    reader.submit("/settings", "/settings/language", language="en", zone=zone)


def asks_in(page: str, zone: str) -> bool:
    """Whether both days of the page's filter are asked for in that zone, and say so."""
    hidden = f'<input type="hidden" name="zone" value="{zone}">'
    return hidden in page and page.count(f"<span data-zone-name>{zone}</span>") == 2


def queries_around_today(zone: str) -> Iterator[tuple[str, bool]]:
    """Queries for days there, each with whether today is among them."""
    today = now().astimezone(ZoneInfo(zone)).date()
    for since, until, has_today in ((0, 0, True), (1, 9, False), (-9, -1, False)):
        yield f"since={today + timedelta(days=since)}&until={today + timedelta(days=until)}&zone={zone}", has_today
