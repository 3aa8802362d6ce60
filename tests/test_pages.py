"""The pages as a person without JavaScript uses them, and what stands before them."""

from __future__ import annotations

import html
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked, email
from wabot.blueprints._context import services
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD
from wabot.lib.clock import now
from wabot.services.audit import AuditFilter

FOR_USERS = ["/dashboard", "/whatsapp", "/messages", "/messages/new", "/keys", "/sandbox", "/settings", "/settings/password"]


@pytest.fixture
def person(app: Flask) -> Browser:
    return Browser(app).register(email())


@pytest.mark.parametrize("path", ["/", "/login", "/register", "/forgot", "/confirm"])
def test_everybody_sees_the_public_pages(app: Flask, path: str) -> None:
    answer = Browser(app).open(path)
    assert answer.status_code == 200
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", FOR_USERS)
def test_pages_are_for_those_who_logged_in(app: Flask, person: Browser, path: str) -> None:
    assert person.open(path).status_code == 200
    stranger = Browser(app).open(path)
    assert (stranger.status_code, stranger.headers["Location"].split("?")[0]) == (302, "/login")


def test_what_people_type_is_escaped(person: Browser) -> None:
    page = person.open("/dashboard").get_data(as_text=True)
    assert "<b>Person</b>" not in page


def test_errors_stand_beside_their_fields_and_the_values_stay(app: Flask) -> None:
    answer = Browser(app).submit("/register", email="not-an-address", password="correct horse", name="Ann")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "is not an email address" in page.replace("Is not", "is not")
    assert 'value="not-an-address"' in page and 'value="Ann"' in page
    assert "correct horse" not in page


def test_a_draft_is_kept_after_an_error(person: Browser) -> None:
    answer = person.submit("/messages/new", to="12", message="a long text\nof two lines", session="default")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "a long text\nof two lines" in page and ">12</textarea>" in page


def test_forms_need_their_token(person: Browser) -> None:
    assert person.client.post("/keys", data={"name": "x", "scopes": "read"}).status_code == 400
    assert person.client.post("/logout").status_code == 400


@pytest.mark.parametrize("headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}])
def test_forms_of_other_sites_are_refused(person: Browser, headers: dict[str, str]) -> None:
    fields = {"csrf_token": person.token("/keys"), "name": "x", "scopes": "read"}
    assert person.client.post("/keys", data=fields, headers=headers).status_code == 403


@pytest.mark.parametrize("target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_login_sends_nobody_elsewhere(app: Flask, target: str) -> None:
    address = email()
    Browser(app).register(address)
    answer = Browser(app).login(address, "correct horse", next=target)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/dashboard")


def test_login_leads_back_to_the_page_that_asked(app: Flask) -> None:
    address = email()
    Browser(app).register(address)
    assert Browser(app).login(address, "correct horse", next="/keys").headers["Location"] == "/keys"


def test_a_copied_cookie_is_dead_after_logout(app: Flask, person: Browser) -> None:
    thief = Browser(app)
    cookie = person.client.get_cookie("wabot_session")
    assert cookie
    thief.client.set_cookie("wabot_session", cookie.value)
    assert thief.open("/dashboard").status_code == 200
    assert person.submit("/dashboard", "/logout").status_code == 302
    assert thief.open("/dashboard").status_code == 302


def test_a_new_password_ends_the_other_logins(app: Flask) -> None:
    address = email()
    first, second = Browser(app).register(address), Browser(app)
    second.login(address, "correct horse")
    wrong = first.submit("/settings/password", current_password="nonsense", password="another horse")
    assert (wrong.status_code, "Is not your current password" in wrong.get_data(as_text=True)) == (422, True)
    changed = first.submit("/settings/password", current_password="correct horse", password="another horse")
    assert changed.status_code == 302
    assert first.open("/dashboard").status_code == 200
    assert second.open("/dashboard").status_code == 302
    assert second.login(address, "correct horse").status_code == 401
    assert second.login(address, "another horse").status_code == 302


def test_a_key_is_shown_once(person: Browser) -> None:
    made = person.submit("/keys", name="my script", scopes=["send", "read"])
    shown = re.findall(r"wb_[0-9a-f]{8}_[\w-]{43}", made.get_data(as_text=True))
    assert shown and f"/api/send?api_key={shown[0]}" in html.unescape(made.get_data(as_text=True))
    again = person.open("/keys").get_data(as_text=True)
    assert "my script" in again and shown[0] not in again


def test_an_expired_key_is_marked(app: Flask, person: Browser) -> None:
    person.submit("/keys", name="old one", scopes="read", expires_at=f"{now() + timedelta(days=30):%Y-%m-%d}")
    assert ">expired</span>" not in person.open("/keys").get_data(as_text=True)
    app.extensions["wabot"].store.keys._keys.update_one({"name": "old one"}, {"$set": {"expires_at": now()}})
    assert ">expired</span>" in person.open("/keys").get_data(as_text=True)


@pytest.mark.parametrize(
    ("scopes", "path"), [(["read"], "/api/messages"), (["manage"], "/api/webhooks"), (["send", "read"], "/api/send")]
)
def test_a_new_key_is_shown_with_a_call_it_may_make(person: Browser, scopes: list[str], path: str) -> None:
    answered = person.submit("/keys", name="k", scopes=scopes).get_data(as_text=True)
    page = html.unescape(re.sub(r"</?span[^>]*>", "", answered))
    [made] = set(re.findall(r"wb_[0-9a-f]{8}_[\w-]{43}", page))
    calls = [one for one in re.findall(r"<code[^>]*>(curl .*?)</code>", page, re.S) if made in one]
    assert calls and path in calls[0]
    assert all("send" in one for one in calls) == ("send" in scopes)
    call = re.search(r'"?http://[^/]+(/[^" ]+)', calls[0])
    assert call
    answer = person.client.get(call[1], headers={"X-API-Key": made} if "api_key" not in call[1] else {})
    assert answer.status_code in (200, 409), "there is no session to send by"


@pytest.mark.parametrize("zone", ["", "Asia/Tokyo", "America/Los_Angeles"])
def test_the_day_a_key_expires_is_shown_as_it_was_typed(app: Flask, person: Browser, zone: str) -> None:
    person.submit("/settings", "/settings/language", language="en", zone=zone)
    day = (now() + timedelta(days=400)).date()
    person.submit("/keys", name="k", scopes="read", expires_at=f"{day}", zone=zone or "UTC")
    page = person.open("/keys").get_data(as_text=True)
    assert f">{day:%b} {day.day}, {day.year}</time>" in " ".join(page.split())
    assert f"The last day on which it works, until midnight in <span data-zone-name>{zone or 'UTC'}</span>." in page
    [key] = app.extensions["wabot"].store.keys._keys.find({"name": "k"})
    end = key["expires_at"].replace(tzinfo=UTC).astimezone(ZoneInfo(zone or "UTC"))
    assert f"{end:%Y-%m-%d %H:%M:%S}" == f"{day + timedelta(days=1)} 00:00:00"


def test_the_audit_log_says_which_key_it_was(app: Flask, person: Browser) -> None:
    person.submit("/keys", name="k", scopes="read")
    with app.app_context():
        [key] = services().store.keys._keys.find({"name": "k"})
    for action in ("revoke", "undo"):
        assert person.submit("/keys", f"/keys/{key['_id']}/{action}").status_code == 302
    with app.app_context():
        noted = services().audit.page(AuditFilter(), limit=10, cursor=None).items
    keys = {one.action: one.detail for one in noted if one.action.startswith("key.")}
    assert keys == dict.fromkeys(("key.create", "key.revoke", "key.restore"), f"wb_{key['prefix']}")


def test_a_key_that_lasts_to_the_end_of_all_times_breaks_no_page(app: Flask, person: Browser) -> None:
    """As one may have been made before there was a bound."""
    person.submit("/settings", "/settings/language", language="en", zone="Asia/Tokyo")
    person.submit("/keys", name="eternal", scopes="read")
    last = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
    app.extensions["wabot"].store.keys._keys.update_one({"name": "eternal"}, {"$set": {"expires_at": last}})
    assert "Dec 31, 9999" in person.open("/keys").get_data(as_text=True)


@pytest.mark.parametrize(("days", "status"), [(3650, 200), (3670, 422)])
def test_a_key_expires_within_ten_years(person: Browser, days: int, status: int) -> None:
    answer = person.submit("/keys", name="k", scopes="read", expires_at=f"{now() + timedelta(days=days):%Y-%m-%d}")
    assert answer.status_code == status
    assert ("Lies more than 10 years ahead" in answer.get_data(as_text=True)) == (status == 422)


@pytest.mark.parametrize(
    ("path", "box", "fields", "said"),
    [
        ("/keys", "expires", {"name": "shop", "scopes": "read", "expires_at": ""}, "Choose a day, with its month and year"),
        ("/messages/new", "later", {"to": "+12025550123", "message": "shop", "send_at": ""}, "Choose a day and a time"),
    ],
)
def test_who_wants_a_day_is_asked_for_it(
    app: Flask, linked: Linked, path: str, box: str, fields: dict[str, str], said: str
) -> None:
    """A browser may send a day without its year as an empty field: a key would never expire, a message go at once."""
    person = Browser(app)
    person.login(linked.user["email"], "correct horse")
    answer = person.submit(path, **fields, **{box: "yes"})
    page = answer.get_data(as_text=True)
    assert (answer.status_code, said in page) == (422, True)
    assert re.search(rf'name="{box}" value="yes" data-asked checked', page) and ("shop" in page), "everything is as it was"
    assert person.submit(path, **fields).status_code in (200, 302), "nobody who wants none has to give one"


def test_a_message_by_form_is_shown_as_text_and_can_be_cancelled(app: Flask, linked: Linked) -> None:
    person = Browser(app)
    assert person.login(linked.user["email"], "correct horse").status_code == 302
    sent = person.submit("/messages/new", to="+1 202 555 0123", message="<i>hello</i>", session="default")
    assert sent.status_code == 302
    page = person.open(sent.headers["Location"]).get_data(as_text=True)
    assert "&lt;i&gt;hello&lt;/i&gt;" in page and "As it was written" not in page
    assert "&lt;i&gt;hello" in person.open("/messages").get_data(as_text=True)
    cancelled = person.submit(sent.headers["Location"], sent.headers["Location"] + "/cancel")
    assert cancelled.status_code == 302
    assert "ancelled" in person.open(sent.headers["Location"]).get_data(as_text=True)
    stranger = Browser(app).register(email())
    assert stranger.open(sent.headers["Location"]).status_code == 404


def test_a_text_is_shown_as_whatsapp_shows_it_and_kept_as_it_was_written(app: Flask, linked: Linked) -> None:
    person = Browser(app)
    person.login(linked.user["email"], "correct horse")
    text = '*<b>_bold_</b>* `a<b` https://x.example/?a="onclick=1\n> ~quoted~'
    sent = person.submit("/messages/new", to="+1 202 555 0123", message=text, session="default")
    page = person.open(sent.headers["Location"]).get_data(as_text=True)
    assert (
        "<strong>&lt;b&gt;<em>bold</em>&lt;/b&gt;</strong> <code>a&lt;b</code> <a>https://x.example/?a=</a>&#34;onclick=1" in page
    )
    assert "<q><s>quoted</s></q>" in page and "As it was written" in page
    written = re.search(r'<code id="written-text">(.*?)</code>', page, re.S)
    assert written and html.unescape(written[1]) == text


def test_the_admin_everybody_knows_must_choose_a_password_first(app: Flask) -> None:
    admin = Browser(app)
    answer = admin.login(DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD)
    assert answer.headers["Location"] == "/settings/password"
    assert admin.open("/dashboard").headers["Location"] == "/settings/password"
    fields = {"current_password": DEFAULT_ADMIN_PASSWORD, "password": "my own password"}
    assert admin.submit("/settings/password", **fields).status_code == 302
    assert admin.open("/admin").status_code == 200


def test_admin_pages_are_not_for_users(person: Browser) -> None:
    assert person.open("/admin").status_code == 403


def test_a_missing_page_is_a_page(person: Browser) -> None:
    answer = person.open("/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html" and answer.headers["X-Request-ID"] in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("address", "page"),
    [("/whatsapp/initialize", "/whatsapp"), ("/keys/0123/revoke", "/keys"), ("/logout", "/dashboard"), ("/theme", "/dashboard")],
)
def test_the_address_of_a_form_leads_to_its_page(person: Browser, address: str, page: str) -> None:
    """A refused form leaves its address in the browser; Enter there asks for a page that isn't one."""
    answer = person.client.get(address, headers={"Accept-Language": "pt-BR"})
    shown = answer.get_data(as_text=True)
    assert (
        answer.status_code == 405
        and "POST" in answer.headers["Allow"]
        and "method" not in shown.lower().partition("<main")[2].partition("</main")[0]
    )
    assert f'href="{page}"' in shown.partition("<main")[2] and "Não há página neste endereço" in shown


def test_a_key_form_sent_twice_makes_one_key(person: Browser) -> None:
    found = re.search(r'name="form_token" value="(\w+)"', person.open("/keys").get_data(as_text=True))
    assert found
    sent = {"name": "shop", "scopes": ["send"], "form_token": found[1]}
    assert person.submit("/keys", **{**sent, "scopes": ["nonsense"]}).status_code == 422, "a refused form uses nothing up"
    assert re.search(r"wb_[0-9a-f]{8}_[\w-]{43}", person.submit("/keys", **sent).get_data(as_text=True))
    again = person.submit("/keys", **sent)
    assert (again.status_code, again.headers["Location"]) == (302, "/keys")
    page = person.open("/keys").get_data(as_text=True)
    assert "no second key was created" in page and len(set(re.findall(r'action="/keys/(\w+)/revoke"', page))) == 1
