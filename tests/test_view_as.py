"""Viewing as a user: read-only, without secrets, over by itself, and seen by that user and in the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked, bearer, email, register
from wabot.errors import Conflict
from wabot.lib.clock import now
from wabot.services import Services
from wabot.services.audit import Audited
from wabot.services.view_as import LASTS
from wabot.store.audit import AuditFilter

PASSWORD = "correct horse battery staple"
BANNER = "You see the pages of"


@pytest.fixture
def viewing(boss: Browser, linked: Linked) -> Browser:
    page = f"/admin/users/{linked.user['id']}"
    assert boss.submit(page, f"{page}/view").headers["Location"] == "/dashboard"
    return boss


def text(browser: Browser, path: str) -> str:
    return browser.open(path).get_data(as_text=True)


def log(known: Services, user_id: str) -> list[tuple[str, str]]:
    return [(one["action"], one["detail"]) for one in known.audit.about(user_id, 50)]


def test_the_pages_are_the_users_with_a_banner_on_each(known: Services, viewing: Browser, linked: Linked) -> None:
    linked.send(message="a message of theirs")
    for path in ("/dashboard", "/messages", "/whatsapp", "/keys", "/settings", "/messages/new"):
        shown = text(viewing, path)
        assert BANNER in shown and linked.user["email"] in shown, path
    assert "a message of theirs" in text(viewing, "/messages")
    assert BANNER in text(viewing, "/no-such-page")


@pytest.mark.parametrize(
    "path", ["/admin", "/admin/users", "/messages/export.csv", "/settings/password", "/settings/second-factor", "/login"]
)
def test_what_is_not_the_users_to_look_at_is_not_shown(viewing: Browser, path: str) -> None:
    assert viewing.open(path).status_code == 403


def test_nothing_can_be_changed(known: Services, viewing: Browser, linked: Linked) -> None:
    before = known.store.users.get(linked.user["id"])
    for page, action, fields in [
        ("/keys", "/keys", {"name": "mine", "scopes": "send"}),
        ("/messages/new", "/messages/new", {"to": "+12025550123", "message": "x"}),
        ("/whatsapp", "/whatsapp/disconnect", {"session": "default"}),
        ("/settings", "/settings/profile", {"name": "Taken"}),
        ("/settings", f"/admin/users/{linked.user['id']}/role", {"role": "admin"}),
    ]:
        answer = viewing.submit(page, action, **fields)
        assert answer.status_code == 403 and "nothing can be changed" in answer.get_data(as_text=True), action
    assert known.store.users.get(linked.user["id"]) == before
    assert known.store.keys.of_user(linked.user["id"]) == []


def test_how_pages_look_is_the_lookers_own_choice(viewing: Browser) -> None:
    assert viewing.submit("/dashboard", "/theme", theme="dark").status_code == 302
    assert viewing.submit("/dashboard", "/language", language="en").status_code == 302
    assert viewing.submit("/dashboard", "/settings/language", language="en").status_code == 403


def test_codes_are_not_shown(known: Services, viewing: Browser, linked: Linked) -> None:
    [session] = known.store.sessions.of_user(linked.user["id"])
    later = {"observed_at": now() + timedelta(minutes=5), "qr_expires_at": now() + timedelta(minutes=5)}
    for status, code, secret in (("qr", {"qr": "2@secret"}, "<svg"), ("pairing", {"pairing_code": "ABCD1234"}, "ABCD")):
        known.store.sessions.change(session.id, session.epoch, {"status": status, **later, **code})
        shown = text(viewing, "/whatsapp")
        assert "Only the account’s owner sees the code" in shown.replace("'", "’").replace("&#39;", "’")
        assert secret not in shown.partition('id="session-panel"')[2].partition("</section>")[0].replace('<svg class="', "")


def test_it_takes_no_part_in_the_api_and_in_live_updates(app: Flask, viewing: Browser) -> None:
    assert viewing.client.get("/api/auth/me").status_code == 401
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "a" * 24}
    for missing in (None, *upgrade):
        headers = {name: value for name, value in upgrade.items() if name != missing}
        answer = viewing.client.get("/socket.io/?EIO=4&transport=websocket", headers=headers)
        assert answer.status_code == (400 if missing else 403), missing


def test_stopping_brings_the_own_pages_back(known: Services, viewing: Browser, linked: Linked) -> None:
    answer = viewing.submit("/dashboard", "/view-as/stop")
    assert answer.headers["Location"] == f"/admin/users/{linked.user['id']}"
    assert BANNER not in text(viewing, "/dashboard") and viewing.open("/admin").status_code == 200
    (end, why), (start, until) = log(known, linked.user["id"])
    assert (end, why, start) == ("view_as.end", "stopped", "view_as.start") and until.endswith("UTC at the latest")


def test_it_ends_by_itself_after_half_an_hour(known: Services, viewing: Browser, linked: Linked) -> None:
    [view] = known.store.views.all()
    assert timedelta(minutes=29) < view.until - now() <= LASTS
    known.store.views.begin(replace(view, until=now() - timedelta(seconds=1)))
    assert BANNER not in text(viewing, "/dashboard")
    assert log(known, linked.user["id"])[0] == ("view_as.end", "half an hour is over")
    known.view_as.sweep()
    assert len(log(known, linked.user["id"])) == 2


def test_it_ends_with_the_role(known: Services, viewing: Browser, linked: Linked) -> None:
    [view] = known.store.views.all()
    known.user_administration.administrators.change(view.admin_id, {"role": "user"})
    shown = text(viewing, "/dashboard")
    assert BANNER not in shown and linked.user["email"] not in shown
    known.view_as.sweep()
    assert log(known, linked.user["id"])[0] == ("view_as.end", "no administrator any more")


def test_it_ends_with_the_login_though_nobody_asks(known: Services, viewing: Browser, linked: Linked) -> None:
    [view] = known.store.views.all()
    known.accounts.end_logins(view.admin_id)
    assert viewing.open("/dashboard").status_code == 302
    known.view_as.sweep()
    known.view_as.sweep()
    assert [action for action, _ in log(known, linked.user["id"])] == ["view_as.end", "view_as.start"]
    assert known.store.views.all() == []


def test_logging_out_works_and_ends_it(known: Services, viewing: Browser, linked: Linked) -> None:
    assert viewing.submit("/dashboard", "/logout").status_code == 302
    assert log(known, linked.user["id"])[0] == ("view_as.end", "logged out")


def test_the_end_is_written_down_once_though_the_process_dies_before_it_is_noted(
    known: Services, viewing: Browser, linked: Linked
) -> None:
    [view] = known.store.views.all()
    known.view_as.stop(view.id)
    [entry] = known.audit.page(AuditFilter(action="view_as.end"), limit=5, cursor=None).items
    known.store.views.begin(replace(view, end_id=entry.id))  # as it was before the last write
    known.view_as.stop(view.id)
    assert [action for action, _ in log(known, linked.user["id"])] == ["view_as.end", "view_as.start"]


def test_the_user_sees_who_looked(app: Flask, known: Services, viewing: Browser, linked: Linked) -> None:
    [view] = known.store.views.all()
    admin = known.store.users.get(view.admin_id)
    assert admin
    theirs = Browser(app)
    theirs.login(linked.user["email"], "correct horse")
    for path in ("/dashboard", "/settings"):
        assert admin.email in text(theirs, path), path
    assert "An administrator looked at your pages" in text(theirs, "/dashboard")
    assert "looked at your pages" not in text(Browser(app).register(email()), "/dashboard")


def test_administrators_and_nobody_are_not_viewed(known: Services, boss: Browser, linked: Linked) -> None:
    other = known.accounts.create_admin(email(), PASSWORD)
    boss.submit("/settings", f"/admin/users/{other.id}/view")
    assert BANNER not in text(boss, "/dashboard") and known.store.views.all() == []
    assert boss.submit("/settings", "/admin/users/000000000000000000000000/view").status_code == 404
    user = Browser(boss.client.application).register(email())
    assert user.submit("/settings", f"/admin/users/{linked.user['id']}/view").status_code == 403


def test_a_users_own_token_works_on_meanwhile(viewing: Browser, linked: Linked) -> None:
    assert linked.client.get("/api/auth/me", headers=bearer(linked.token)).status_code == 200


@pytest.fixture
def by(known: Services) -> Audited:
    return Audited(known.accounts.create_admin(email(), PASSWORD), "192.0.2.1")


def test_an_administrators_pages_are_nobodys_to_look_at(known: Services, by: Audited, linked: Linked) -> None:
    user_id = linked.user["id"]
    known.view_as.start(by, "a login", user_id)
    known.user_administration.administrators.change(user_id, {"role": "admin"})
    assert known.view_as.current(by.actor, "a login") is None
    assert known.store.views.get("a login") is None
    with pytest.raises(Conflict) as refused:
        known.view_as.start(by, "a login", user_id)
    assert refused.value.code == "not_viewable"
    assert log(known, user_id)[0] == ("view_as.end", "the account has changed")


def test_who_is_no_administrator_any_more_looks_as_nobody(known: Services, by: Audited, linked: Linked) -> None:
    known.view_as.start(by, "a login", linked.user["id"])
    assert known.view_as.current(replace(by.actor, role="user"), "a login") is None
    assert log(known, linked.user["id"])[0] == ("view_as.end", "no administrator any more")


def test_looking_as_another_ends_looking_as_the_first(app: Flask, known: Services, by: Audited, linked: Linked) -> None:
    other = register(app.test_client())["user"]["id"]
    for user_id in (linked.user["id"], other):
        known.view_as.start(by, "a login", user_id)
    viewed = known.view_as.current(by.actor, "a login")
    assert viewed and viewed[1].id == other
    assert log(known, linked.user["id"])[0] == ("view_as.end", "another one began")
