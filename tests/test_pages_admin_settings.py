"""/admin/settings: a field for every setting, values kept after an error, written down, and who is limited."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked
from wabot.blueprints._context import services
from wabot.blueprints.admin._settings_form import inputs
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD
from wabot.services import limit_reports
from wabot.services.limit_reports import Filling, LimitReport, merged
from wabot.services.preferences import Values
from wabot.store.audit import AuditFilter

PAGE = "/admin/settings"


@pytest.fixture
def administrator(app: Flask) -> Browser:
    browser = Browser(app)
    browser.login(DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD)
    browser.submit("/settings/password", current_password=DEFAULT_ADMIN_PASSWORD, password="a quite different saying")
    return browser


def in_force(app: Flask) -> Values:
    with app.app_context():
        return services().preferences.current()


def typed(app: Flask, page: str, **changed: str) -> dict[str, str]:
    """What the browser would send of the page as it stands, but for what was `changed` (dots as two underscores)."""
    sent = {one.name: "on" if one.kind == "switch" else str(one.value) for one in inputs(in_force(app)) if one.value is not False}
    version = re.search(r'name="version" value="(\w+)"', page)
    assert version
    sent |= {"version": version[1]} | {name.replace("__", "."): value for name, value in changed.items()}
    return {name: value for name, value in sent.items() if value != "off"}


def test_every_setting_has_a_described_field(app: Flask, administrator: Browser) -> None:
    page = administrator.open(PAGE).get_data(as_text=True)
    shown = list(inputs(in_force(app)))
    assert {"rate_limits.enabled", "pacing.min_gap_ms", "registration_open", "sessions_per_user"} <= {one.name for one in shown}
    for one in shown:
        assert f'name="{one.name}"' in page
        assert one.hint, f"{one.name} has no description"


def test_a_save_that_changes_nothing_changes_nothing(app: Flask, administrator: Browser) -> None:
    before = in_force(app)
    answer = administrator.submit(PAGE, **typed(app, administrator.open(PAGE).get_data(as_text=True)))
    assert answer.status_code == 302
    assert in_force(app) == before
    with app.app_context():
        assert services().audit.page(AuditFilter(action="settings.change"), limit=1, cursor=None).items == []


def test_changes_hold_and_are_written_down(app: Flask, administrator: Browser) -> None:
    page = administrator.open(PAGE).get_data(as_text=True)
    fields = typed(app, page, rate_limits__send_per_minute="25", rate_limits__enabled="off", registration_open="off")
    assert administrator.submit(PAGE, **fields).status_code == 302
    values = in_force(app)
    assert (values.rate_limits.send_per_minute, values.rate_limits.enabled, values.registration_open) == (25, False, False)
    assert "Limits are switched off." in administrator.open(PAGE).get_data(as_text=True)
    audit = administrator.open("/admin/audit").get_data(as_text=True)
    assert "rate_limits.enabled: on → off; rate_limits.send_per_minute: 60 → 25; registration_open: on → off" in audit


@pytest.mark.parametrize("wrong", ["0", "many", "", "1000001", "9" * 40, "-5", "1.5", "\x00"])
def test_a_wrong_value_is_kept_and_named(app: Flask, administrator: Browser, wrong: str) -> None:
    page = administrator.open(PAGE).get_data(as_text=True)
    answer = administrator.submit(
        PAGE, **typed(app, page, rate_limits__send_per_day=wrong, rate_limits__send_per_minute="33", registration_open="off")
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Needs a whole number from 1 to 1,000,000" in text
    assert re.search(r'name="rate_limits.send_per_minute"[^>]* value="33"', text), "what was typed is kept"
    assert not re.search(r'name="registration_open"[^>]* checked', text)
    assert in_force(app).rate_limits.send_per_minute == 60


def test_somebody_elses_change_is_not_overwritten_unseen(app: Flask, administrator: Browser) -> None:
    page = administrator.open(PAGE).get_data(as_text=True)
    fields = typed(app, page, rate_limits__send_per_minute="33")
    with app.app_context():
        values = services().preferences.current().model_dump()
        services().preferences.replace({**values, "sessions_per_user": 3})
    answer = administrator.submit(PAGE, **fields)
    assert answer.status_code == 409
    assert "Somebody changed the settings while you did" in answer.get_data(as_text=True)
    assert in_force(app).rate_limits.send_per_minute == 60
    again = typed(app, answer.get_data(as_text=True), rate_limits__send_per_minute="33")
    assert administrator.submit(PAGE, **again).status_code == 302


def test_after_a_conflict_what_is_in_force_stands_beside_what_was_typed(app: Flask, administrator: Browser) -> None:
    mine = typed(app, administrator.open(PAGE).get_data(as_text=True), rate_limits__send_per_minute="33")
    theirs = typed(
        app, administrator.open(PAGE).get_data(as_text=True), rate_limits__send_per_day="4000", registration_open="off"
    )
    assert administrator.submit(PAGE, **theirs).status_code == 302
    page = administrator.submit(PAGE, **mine).get_data(as_text=True)
    assert re.findall(r"In force now: ([\w,]+)", page) == ["60", "4,000", "off"]
    refused = typed(app, administrator.open(PAGE).get_data(as_text=True), rate_limits__send_per_minute="x")
    assert "In force now" not in administrator.submit(PAGE, **refused).get_data(as_text=True), "nobody else changed anything"


def test_the_page_shows_who_is_refused_and_who_is_near_it(app: Flask, administrator: Browser, linked: Linked) -> None:
    assert "Nobody: every request was within its limit." in administrator.open(PAGE).get_data(as_text=True)
    with app.app_context():
        values = services().preferences.current().model_dump()
        values["rate_limits"]["send_per_minute"] = 2
        services().preferences.replace(values)
    assert [linked.send().status_code for _ in range(5)] == [202, 202, 429, 429, 429]
    part = administrator.open(PAGE + "/limits").get_data(as_text=True)
    [row] = re.findall(r"<tr data-refused.*?</tr>", part, re.S)
    assert linked.user["email"] in row
    assert "Messages a minute" in row
    assert ">3<" in row
    assert "2 of 2" in part
    assert "2 of 5,000" in part


def test_strangers_and_users_do_not_see_it(app: Flask, linked: Linked) -> None:
    browser = Browser(app)
    assert browser.open(PAGE).status_code == 302
    browser.login(linked.user["email"], "correct horse")
    assert [browser.open(path).status_code for path in (PAGE, PAGE + "/limits")] == [403, 403]


def test_a_report_is_bounded_and_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    report = LimitReport()
    for number in range(2000):
        report.refused("send_per_minute", f"user:{number}")
        report.filled("send_per_minute", f"user:{number}", Filling(1, 2, 1e12))
    assert len(report._refused) == len(report._filling) == limit_reports.KEPT
    shown = report.snapshot()
    assert [len(rows) for rows in shown.values()] == [limit_reports.SHOWN] * 2
    assert shown["refused"][0]["who"] == "user:1999", "the latest first"
    monkeypatch.setattr(limit_reports.time, "time", lambda: 1e13)
    assert report.snapshot() == {"refused": [], "filling": []}


def test_reports_of_several_processes_are_added_up() -> None:
    def report(count: int, used: int) -> dict[str, list[dict[str, Any]]]:
        who = {"limit": "send_per_minute", "who": "user:1"}
        return {
            "refused": [{**who, "count": count, "at": float(count)}],
            "filling": [{**who, "used": used, "allowed": 9, "until": 1.0}],
        }

    together = merged([report(2, 3), report(5, 8), report(1, 4)])
    assert [(row["count"], row["at"]) for row in together["refused"]] == [(8, 5.0)]
    assert [row["used"] for row in together["filling"]] == [8]
