"""The administrators' pages: every session, narrowed down and acted upon, and the audit log."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked, email
from wabot.blueprints import _versions
from wabot.blueprints._context import services
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD
from wabot.lib.clock import now
from wabot.services.audit import Audited
from wabot.services.session_machine import STALE_AFTER

PAGES = ["/admin", "/admin/sessions", "/admin/sessions/list", "/admin/audit"]
NOBODY = "000000000000000000000000"


@pytest.fixture
def admin(app: Flask) -> Browser:
    browser = Browser(app)
    browser.login(DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD)
    browser.submit("/settings/password", current_password=DEFAULT_ADMIN_PASSWORD, password="my own password")
    return browser


def session(app: Flask, name: str, **fields: Any) -> str:
    """A session of nobody in particular, as if last observed now; its id."""
    made = {
        "user_id": NOBODY, "name": name, "engine": "webjs", "network": "sandbox", "epoch": 1, "created_at": now(),
        "since": now(), "observed_at": now(), "desired": "off", "status": "disconnected", **fields,
    }  # fmt: skip
    with app.app_context():
        return services().store.sessions.add(made).id


def text_of(browser: Browser, path: str) -> str:
    """What a reader sees, without the marks."""
    page = browser.open(path).get_data(as_text=True)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def names_on(browser: Browser, path: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"name-(\d\d)\b", text_of(browser, path))))


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_for_administrators(app: Flask, path: str) -> None:
    assert Browser(app).open(path).status_code == 302
    assert Browser(app).register(email()).open(path).status_code == 403


@pytest.mark.parametrize("action", ["restart", "disconnect"])
def test_users_act_on_nobodys_sessions(app: Flask, linked: Linked, action: str) -> None:
    user = Browser(app).register(email())
    with app.app_context():
        [found] = services().store.sessions.page(limit=1).items
    assert user.submit("/keys", f"/admin/sessions/{found.id}/{action}").status_code == 403
    with app.app_context():
        assert services().store.sessions.get(found.id) == found


def test_empty_pages_say_so(admin: Browser) -> None:
    assert "Nobody has linked a WhatsApp account yet" in text_of(admin, "/admin")
    assert "Nobody has linked a WhatsApp account yet" in text_of(admin, "/admin/sessions")
    assert "Nothing matches" in text_of(admin, "/admin/audit?action=user.role")


def test_a_session_with_all_that_is_known(app: Flask, admin: Browser, linked: Linked) -> None:
    session(app, "broken", status="failed", reason="opened_elsewhere", last_error="<b>Target closed</b>", memory_mb=211.6)
    for path in ("/admin/sessions", "/admin/sessions/list"):
        shown = text_of(admin, path)
        assert linked.user["email"] in shown and "+1 202-555-0999" in shown and "Reconnecting" in shown
        assert "another window" in shown and "<b>Target closed</b>" in shown and "212 MB" in shown
    assert "2 in all" in text_of(admin, "/admin")


def test_what_the_gateway_noted_is_said_in_words(app: Flask, admin: Browser) -> None:
    session(app, "asleep", reason="qr_not_scanned", last_error="nobody linked in time")
    assert "Last error: nobody linked it in time" in text_of(admin, "/admin/sessions")


def test_what_the_gateway_noted_with_figures_is_said_in_the_readers_language(app: Flask, admin: Browser) -> None:
    admin.submit("/settings", "/settings/language", language="pt-BR", zone="")
    noted = {
        "heavy": ("the browser takes 1612 MB, 1600 MB are allowed", "o navegador ocupa 1.612 MB, são permitidos 1.600 MB"),
        "away": ("WhatsApp answers 503", "o WhatsApp responde com um erro (503)"),
        "lacking": (
            "not possible with this version: acks, teleport",
            "tiques não podem ser vistos e “teleport” não funciona com esta versão",
        ),
    }
    for name, (written, _) in noted.items():
        session(app, name, status="failed", last_error=written)
    page = text_of(admin, "/admin/sessions")
    assert [said for _, said in noted.values() if said not in page] == []


def test_the_live_part_is_not_a_page(admin: Browser) -> None:
    assert "<html" not in admin.open("/admin/sessions/list").get_data(as_text=True)


def test_the_list_is_narrowed_by_state_and_text(app: Flask, admin: Browser) -> None:
    session(app, "name-01", status="connected", phone="+12025550143")
    session(app, "name-02", status="failed", reason="out_of_restarts", phone="+4930123456")
    session(app, "name-03", status="qr")
    session(app, "name-04")
    session(app, "name-05", status="connected", observed_at=now() - STALE_AFTER - timedelta(seconds=1))
    assert names_on(admin, "/admin/sessions?state=connected") == ["01"], "what was not heard of is not connected"
    assert sorted(names_on(admin, "/admin/sessions?state=trouble")) == ["02", "05"]
    assert names_on(admin, "/admin/sessions?state=linking") == ["03"]
    assert names_on(admin, "/admin/sessions?state=off") == ["04"]
    assert names_on(admin, "/admin/sessions?q=%2B49+30") == ["02"]
    assert names_on(admin, "/admin/sessions?q=NAME-04") == ["04"]
    assert names_on(admin, "/admin/sessions?q=name-01") == ["01"], "no phone with a 01 in it"
    assert "Nothing matches" in text_of(admin, "/admin/sessions?q=nobody")
    assert names_on(admin, "/admin/sessions") == ["05", "02", "03", "01", "04"], "trouble first, what rests last"


def test_a_full_list_has_pages(app: Flask, admin: Browser) -> None:
    for number in range(60):
        session(app, f"name-{number:02d}")
    first, second = names_on(admin, "/admin/sessions"), names_on(admin, "/admin/sessions?page=2")
    assert len(first) == 50 and first[0] == "59"
    assert second == [f"{number:02d}" for number in range(9, -1, -1)]
    for odd in ("999", "0", "-1", "x", "9" * 5000):
        assert admin.open(f"/admin/sessions?page={odd}").status_code == 200


def test_restart_is_done_audited_and_leads_back(app: Flask, admin: Browser, linked: Linked) -> None:
    with app.app_context():
        [before] = services().store.sessions.page(limit=1).items
    answer = admin.submit("/admin/sessions", f"/admin/sessions/{before.id}/restart?state=trouble&q=default")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/sessions?state=trouble&q=default")
    assert "“default” is being restarted" in text_of(admin, "/admin/sessions")
    with app.app_context():
        after = services().store.sessions.get(before.id)
    assert after and (after.epoch, after.status, after.linked) == (before.epoch + 1, "starting", True)
    audited = text_of(admin, "/admin/audit")
    assert "Restarted a session" in audited and DEFAULT_ADMIN_EMAIL in audited and before.id in audited


def test_what_can_not_be_done_is_said(app: Flask, admin: Browser) -> None:
    off = session(app, "off")
    assert admin.submit("/admin/sessions", f"/admin/sessions/{off}/restart").status_code == 302
    assert "only its owner can start it" in text_of(admin, "/admin/sessions")
    assert admin.submit("/admin/sessions", f"/admin/sessions/{NOBODY}/disconnect").status_code == 302
    assert "There is no such session" in text_of(admin, "/admin/sessions")


def test_a_disconnect_without_a_gateway_is_said_and_stays_ordered(app: Flask, admin: Browser, linked: Linked) -> None:
    with app.app_context():
        [found] = services().store.sessions.page(limit=1).items
    admin.submit("/admin/sessions", f"/admin/sessions/{found.id}/disconnect")
    assert "gateway doesn't answer" in text_of(admin, "/admin/sessions")
    with app.app_context():
        ordered = services().store.sessions.get(found.id)
    assert ordered and ordered.desired == "logout"


def test_versions_name_what_is_missing(app: Flask, admin: Browser) -> None:
    lacks = {"reason": "whatsapp_changed", "missing": ["incoming", "acks"]}
    session(app, "a", status="connected", web_version="2.3000.9")
    session(app, "b", status="connected", web_version="2.3000.10", **lacks)
    session(app, "c", status="connected", web_version="2.3000.10")
    with app.app_context():
        newest, older = _versions.by_version(services().session_overview.everything())
    assert (newest.name, newest.sessions, newest.missing) == ("2.3000.10", 2, ["incoming", "acks"])
    assert (older.name, older.sessions, older.words) == ("2.3000.9", 1, "")
    assert "Ticks can't be seen and incoming messages can't be seen" in text_of(admin, "/admin/sessions")


def test_a_version_that_sessions_never_get_ready_with_says_so(app: Flask, admin: Browser) -> None:
    session(app, "d", status="failed", reason="whatsapp_changed", last_error="never gets ready", web_version="2.2")
    assert "Sessions don't get ready with it" in text_of(admin, "/admin/sessions")


def test_the_audit_log_has_pages_newest_first(app: Flask, admin: Browser) -> None:
    with app.app_context():
        user = services().store.users.by_email(DEFAULT_ADMIN_EMAIL)
        assert user
        for number in range(52):
            services().audit.note(Audited(user, "192.0.2.7"), "session.restart", target=NOBODY, detail=f"name-{number:02d}")
    assert names_on(admin, "/admin/audit") == [f"{number:02d}" for number in range(51, 1, -1)]
    older = re.search(r'href="(/admin/audit\?cursor=[^"]+)"', admin.open("/admin/audit").get_data(as_text=True))
    assert older and names_on(admin, older[1]) == ["01", "00"]


def test_the_list_of_users_tells_roles_from_states(app: Flask, admin: Browser) -> None:
    address = email()
    Browser(app).register(address)
    with app.app_context():
        user = services().store.users.by_email(address)
        assert user and services().store.users.change(user.id, {"disabled": True})
    shown = text_of(admin, "/admin/users")
    assert "Email Name Role State Created" in shown
    assert re.search(rf"{re.escape(address)} A <b>Person</b> User Disabled ", shown)
    assert re.search(rf"{re.escape(DEFAULT_ADMIN_EMAIL)} Admin Administrator Active ", shown)
    assert "Role User State Disabled" in text_of(admin, f"/admin/users/{user.id}")
