"""The page /settings: each of its sections, without JavaScript."""

from __future__ import annotations

import re

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import email


@pytest.fixture
def person(app: Flask) -> Browser:
    return Browser(app).register(email())


def test_the_name_can_be_changed(person: Browser) -> None:
    assert person.submit("/settings", "/settings/profile", name=" Robin ").status_code == 302
    assert 'value="Robin"' in person.open("/settings").get_data(as_text=True)
    refused = person.submit("/settings", "/settings/profile", name="x" * 101)
    page = refused.get_data(as_text=True)
    assert (refused.status_code, "at most 100 characters" in page, f'value="{"x" * 101}"' in page) == (422, True, True)


def test_utc_can_be_chosen_first_of_all_zones(person: Browser) -> None:
    zones = re.findall(r'<option value="([A-Z][\w/+-]*)"', person.open("/settings").get_data(as_text=True))
    assert zones[0] == "UTC" and "Europe/Berlin" in zones
    assert person.submit("/settings", "/settings/language", language="", zone="UTC").status_code == 302
    assert '<option value="UTC" selected' in person.open("/settings").get_data(as_text=True)
