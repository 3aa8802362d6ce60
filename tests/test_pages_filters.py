"""Filters of lists: what can't be read is refused beside its field, and shows nothing; it is never passed over."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support import hooked as house
from tests.support import zones
from tests.support.hooked import Hooked
from tests.support.pages import Browser
from tests.support.receiver import Receiver
from tests.test_pages_admin import admin  # noqa: F401  # a fixture
from wabot.blueprints._context import services
from wabot.services.audit import Audited
from wabot.store.audit import AuditFilter

hooked, receiver, settings = house.hooked, house.receiver, house.settings


@pytest.mark.parametrize(
    ("query", "field", "kept"),
    [
        ("since=bad", "since", 'value="bad"'),
        ("until=2026-13-45&action=user.role", "until", 'value="2026-13-45"'),
        ("since=2026-11-22T10:00", "since", 'value="2026-11-22T10:00"'),
    ],
)
def test_the_audit_log_shows_and_gives_nothing(app: Flask, admin: Browser, query: str, field: str, kept: str) -> None:  # noqa: F811
    with app.app_context():
        known = services()
        boss = known.store.users.page(limit=1, state="admin").items[0]
        known.audit.note(Audited(boss, "192.0.2.7"), "user.role", target=boss.id, detail="detail-00")
    answer = admin.open(f"/admin/audit?{query}")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "detail-00" in page) == (422, False)
    assert kept in page and f'aria-describedby="{field}-error' in page and "a date such as 2030-12-31" in page
    export = admin.open(f"/admin/audit/export.csv?{query}")
    assert export.status_code == 422 and "detail-00" not in export.get_data(as_text=True)
    assert known.audit.page(AuditFilter(action="audit.export"), limit=5, cursor=None).items == [], "nothing was taken away"


@pytest.mark.parametrize("zone", zones.FARTHEST)
def test_days_of_the_audit_log_are_those_of_the_readers_zone(admin: Browser, zone: str) -> None:  # noqa: F811
    zones.settle_in(admin, zone)
    assert zones.asks_in(admin.open("/admin/audit").get_data(as_text=True), zone)
    for query, found in zones.queries_around_today(zone):
        page = admin.open(f"/admin/audit?{query}").get_data(as_text=True)
        assert ('<span class="font-medium" title="' in page) is found, query


def test_the_last_of_all_days_leaves_nothing_out(admin: Browser) -> None:  # noqa: F811
    answer = admin.open("/admin/audit?until=9999-12-31")
    assert answer.status_code == 200 and "Logged in as an administrator" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "path", ["/admin?days=8", "/admin/users?state=lost", "/admin/sessions?state=lost", "/admin/sessions/list?state=lost"]
)
def test_what_administrators_choose_from_is_one_of_the_choices(admin: Browser, path: str) -> None:  # noqa: F811
    answer = admin.open(path)
    assert answer.status_code == 422 and "choose from" in answer.get_data(as_text=True).lower()


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("status=lost", '<option value="lost" selected'),
        ("event=lost", '<option value="lost" selected'),
        ("since=yesterday&status=delivered", 'type="text" value="yesterday"'),
    ],
)
def test_the_log_of_deliveries_shows_nothing(hooked: Hooked, receiver: Receiver, query: str, kept: str) -> None:
    made = hooked.endpoint(receiver.url)
    hooked.send()
    hooked.work()
    hooked.page("/webhooks")
    answer = hooked.browser.open(f"/webhooks/{made['id']}?{query}")
    page = answer.get_data(as_text=True)
    assert (answer.status_code, "data-delivery=" in page) == (422, False)
    assert kept in page and "Nothing to show" in page and 'aria-invalid="true"' in page


@pytest.mark.parametrize(
    "path", ["/messages?cursor", "/inbox?chats", "/admin/audit?cursor", "/admin/users?cursor", "/admin/users?q=a&cursor"]
)
def test_what_is_no_place_in_a_list_is_refused(admin: Browser, path: str) -> None:  # noqa: F811
    answer = admin.open(f"{path}=zzz")
    assert answer.status_code == 422 and "is not where a page of this list begins" in answer.get_data(as_text=True)


def test_what_is_no_place_in_a_log_of_deliveries_is_refused(hooked: Hooked) -> None:
    made = hooked.endpoint("http://127.0.0.1:1/")
    hooked.page("/webhooks")
    assert hooked.browser.open(f"/webhooks/{made['id']}?cursor=zzz").status_code == 422
