"""A forgotten password: the link works once, for an hour, not after a change; nothing tells whether an address is known."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.mailbox import text_of
from tests.support.pages import Browser
from tests.support.recovery import NEW, Post, forgot, login, reset, token_of
from tests.support.web import bearer, email
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD
from wabot.lib.clock import now
from wabot.lib.log import _without_secrets
from wabot.services import Services
from wabot.services.links import InvalidToken


@pytest.fixture
def token(client: FlaskClient, made: dict[str, Any], post: Post) -> str:
    forgot(client, made["user"]["email"])
    return token_of(post()[0])


def test_a_link_gives_a_new_password_once_and_ends_every_login_but_no_key(
    app: Flask, client: FlaskClient, made: dict[str, Any], token: str
) -> None:
    address, browser = made["user"]["email"], Browser(app)
    browser.login(address, "correct horse")
    key = client.post("/api/keys", json={"name": "x"}, headers=bearer(made["token"])).get_json()["key"]
    assert reset(client, token).status_code == 200
    assert (login(client, address, "correct horse"), login(client, address, NEW)) == (401, 200)
    assert client.get("/api/auth/me", headers=bearer(made["token"])).status_code == 401
    assert browser.open("/dashboard").status_code == 302
    assert client.get("/api/messages", headers=bearer(key)).status_code == 200
    again = reset(client, token, "yet another horse")
    assert (again.status_code, again.get_json()["code"]) == (400, "invalid_token")


def test_its_owner_is_told(client: FlaskClient, made: dict[str, Any], token: str, post: Post) -> None:
    reset(client, token)
    told = post()[-1]
    assert (told["To"], told["Subject"]) == (made["user"]["email"], "Your password was changed")
    assert NEW not in text_of(told)


def test_a_weak_password_does_not_use_the_link_up(client: FlaskClient, token: str) -> None:
    refused = reset(client, token, "password1")
    assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "password")
    assert "very common" in refused.get_json()["errors"][0]["detail"]
    assert reset(client, token).status_code == 200


@pytest.mark.parametrize("bad", ["", "x", "x" * 2000, "e30.x.y"])
def test_what_is_no_token_is_refused(client: FlaskClient, bad: str) -> None:
    assert reset(client, bad).get_json()["code"] == "invalid_token"


def test_a_token_of_another_purpose_is_refused(house: Services, client: FlaskClient, made: dict[str, Any]) -> None:
    user = house.store.users.get(made["user"]["id"])
    assert user
    assert reset(client, house.links.make("confirm_address", user).rpartition("/")[2]).status_code == 400


def test_the_link_of_who_was_disabled_meanwhile_is_dead(
    house: Services, client: FlaskClient, made: dict[str, Any], token: str
) -> None:
    house.store.users.change(made["user"]["id"], {"disabled": True})
    assert reset(client, token).get_json()["code"] == "invalid_token"


def test_the_link_proves_the_address_too(house: Services, client: FlaskClient, made: dict[str, Any], token: str) -> None:
    house.store.users.change(made["user"]["id"], {"email_confirmed": False})
    assert reset(client, token).status_code == 200
    user = house.store.users.get(made["user"]["id"])
    assert user and user.email_confirmed


@pytest.mark.parametrize(("purpose", "hours"), [("reset", 1), ("invite", 168), ("confirm_address", 72), ("change_address", 24)])
def test_each_link_is_good_for_its_time(house: Services, made: dict[str, Any], purpose: str, hours: int) -> None:
    user = house.store.users.get(made["user"]["id"])
    assert user
    token, end = house.links.make(purpose, user).rpartition("/")[2], now() + timedelta(hours=hours)
    assert replace(house.links, clock=lambda: end - timedelta(minutes=1)).open(token, purpose).user.id == user.id
    with pytest.raises(InvalidToken):
        replace(house.links, clock=lambda: end + timedelta(minutes=1)).open(token, purpose)


def test_a_link_is_dead_after_the_password_was_changed(app: Flask, client: FlaskClient, made: dict[str, Any], token: str) -> None:
    person = Browser(app)
    person.login(made["user"]["email"], "correct horse")
    person.submit("/settings/password", current_password="correct horse", password="another horse")
    assert reset(client, token).status_code == 400
    assert person.open(f"/reset/{token}").status_code == 400
    assert login(client, made["user"]["email"], "another horse") == 200


def test_of_parallel_uses_of_one_link_one_wins(app: Flask, made: dict[str, Any], token: str) -> None:
    def use(number: int) -> int:
        return int(reset(app.test_client(), token, f"{NEW} {number}").status_code)

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(use, range(8)))
    assert sorted(statuses) == [200] + [400] * 7
    winner = statuses.index(200)
    assert login(app.test_client(), made["user"]["email"], f"{NEW} {winner}") == 200


def test_forgot_answers_the_same_and_does_the_same_whoever_is_asked_for(
    house: Services, client: FlaskClient, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request looks nobody up: what it doesn't know it can't tell, not even by its time."""
    monkeypatch.setattr(type(house.store.users), "by_email", lambda *_: pytest.fail("the address was looked up"))
    known, unknown = forgot(client, made["user"]["email"]), forgot(client, email())
    assert (known.status_code, known.get_data()) == (unknown.status_code, unknown.get_data()) == (202, b'{"status":"accepted"}\n')
    assert [one.kind for one in house.store.mails.due(now())] == ["reset", "reset"]


@pytest.mark.parametrize("address", ["nobody", "", "a@b@c", "ü" * 300])
def test_forgot_is_accepted_always(client: FlaskClient, address: str) -> None:
    assert forgot(client, address).status_code == 202


def test_a_disabled_user_gets_no_link(house: Services, client: FlaskClient, made: dict[str, Any], post: Post) -> None:
    house.store.users.change(made["user"]["id"], {"disabled": True})
    forgot(client, made["user"]["email"])
    assert post() == []


def test_from_forgot_to_login_by_page_without_scripts(app: Flask, client: FlaskClient, made: dict[str, Any], post: Post) -> None:
    person = Browser(app)
    sent = person.submit("/forgot", email=made["user"]["email"])
    assert sent.status_code == 302
    assert "If there is an account" in person.open(sent.headers["Location"]).get_data(as_text=True)
    path = f"/reset/{token_of(post()[0])}"
    shown = person.open(path)
    assert (shown.status_code, shown.headers["Referrer-Policy"]) == (200, "no-referrer")
    assert person.open(path).status_code == 200, "looking uses nothing up"
    weak = person.submit(path, password="12345678")
    assert weak.status_code == 422 and "most common passwords" in weak.get_data(as_text=True)
    assert person.submit(path, password=NEW).headers["Location"] == "/login"
    assert person.login(made["user"]["email"], NEW).status_code == 302
    used = person.open(path)
    assert used.status_code == 400 and "no longer good" in used.get_data(as_text=True)


def test_a_token_stands_in_no_log_line(
    app: Flask, client: FlaskClient, token: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("wabot.services.recovery.Recovery.open", lambda *_: 1 / 0)
        app.testing, app.config["PROPAGATE_EXCEPTIONS"] = False, False
        assert client.get(f"/reset/{token}").status_code == 500
    assert "unexpected_error" in caplog.text and token.rpartition(".")[2] not in caplog.text


def test_without_a_way_to_send_the_page_says_so(app: Flask, house: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(house.settings), "sends_mail", False)
    assert "send mails" in Browser(app).open("/forgot").get_data(as_text=True)


def test_the_default_admin_may_come_in_by_mail_and_must_change_no_more(app: Flask, client: FlaskClient, post: Post) -> None:
    forgot(client, DEFAULT_ADMIN_EMAIL)
    assert reset(client, token_of(post()[0])).status_code == 200
    admin = Browser(app)
    assert admin.login(DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD).status_code == 401
    assert admin.login(DEFAULT_ADMIN_EMAIL, NEW).headers["Location"] == "/dashboard"


def test_what_looks_like_a_token_is_cut_out_of_foreign_log_lines(token: str) -> None:
    for line in (f"GET /reset/{token} failed", f"'http://x/confirm/{token}'", f"token={token}"):
        assert token not in _without_secrets(None, "", {"event": line})["event"]
