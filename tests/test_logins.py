"""Logins: listed with their device, ended one by one or all at once, dead wherever their cookie or token is used."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.pages import Browser
from tests.support.web import bearer, email, register
from wabot.blueprints._context import services
from wabot.lib import devices
from wabot.lib.clock import now
from wabot.services.logins import LISTED
from wabot.store.records import Login

AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0": "Firefox on Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36": "Chrome on Windows",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36 Edg/126.0": "Edge on Windows",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605 (KHTML, like Gecko) Version/17.5 Mobile Safari/604": (
        "Safari on iPhone"
    ),
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537 (KHTML, like Gecko) SamsungBrowser/25 Chrome/121 Safari/537": (
        "Samsung Internet on Android"
    ),
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605 (KHTML, like Gecko) Version/17.5 Safari/605": "Safari on macOS",
    "curl/8.9.1": "curl",
    "python-requests/2.32": "python-requests",
    "": "An unknown device",
    "<script>": "An unknown device",
}


@pytest.mark.parametrize("agent", AGENTS)
def test_devices_are_named_as_people_know_them(agent: str) -> None:
    assert devices.describe(agent) == AGENTS[agent]


def logins_of(app: Flask, user_id: str) -> list[Login]:
    with app.app_context():
        return services().logins.of_user(user_id)


def age(app: Flask, login_id: str, by: timedelta) -> None:
    with app.app_context():
        services().store.logins.seen(login_id, now() - by)


def test_every_login_is_listed_and_this_one_marked(app: Flask) -> None:
    address = email()
    person, phone = Browser(app).register(address), Browser(app)
    phone.client.environ_base["HTTP_USER_AGENT"] = next(agent for agent in AGENTS if "iPhone" in agent)
    assert phone.login(address, "correct horse").status_code == 302
    token = app.test_client().post("/api/auth/login", json={"email": address, "password": "correct horse"})
    assert token.status_code == 200
    page = person.open("/settings").get_data(as_text=True)
    assert "Safari on iPhone" in page and page.count("This one<") == 1 and page.count("API token</span>") == 1
    assert page.count("127.0.0.1") == 3


def test_a_browser_is_not_lost_among_the_tokens_of_a_program(app: Flask, client: FlaskClient) -> None:
    user_id = register(client)["user"]["id"]
    with app.app_context():
        user = services().store.users.get(user_id)
        assert user
        tokens = [services().identity.open_login(user, "api") for _ in range(LISTED + 20)]
        for one in tokens:
            services().store.logins.seen(one.id, now() - timedelta(hours=1))
        browser = services().identity.open_login(user, "web")
    listed = logins_of(app, user_id)
    assert len(listed) == LISTED and browser.id in [one.id for one in listed]


def test_one_login_is_ended_and_nobody_elses(app: Flask) -> None:
    address = email()
    person, other = Browser(app).register(address), Browser(app)
    other.login(address, "correct horse")
    with app.app_context():
        user = services().store.users.by_email(address)
        assert user
    newest = max(logins_of(app, user.id), key=lambda one: one.created_at)
    stranger = Browser(app).register(email())
    assert stranger.submit("/settings", f"/settings/logins/{newest.id}/end").status_code == 404
    assert other.open("/dashboard").status_code == 200
    assert person.submit("/settings", f"/settings/logins/{newest.id}/end").status_code == 302
    assert other.open("/dashboard").status_code == 302
    assert person.open("/dashboard").status_code == 200


@pytest.mark.parametrize(("action", "here"), [("end-others", 200), ("end-all", 302)])
def test_log_out_everywhere(app: Flask, action: str, here: int) -> None:
    address = email()
    person, other = Browser(app).register(address), Browser(app)
    other.login(address, "correct horse", remember="1")
    token = app.test_client().post("/api/auth/login", json={"email": address, "password": "correct horse"}).get_json()["token"]
    assert person.submit("/settings", f"/settings/logins/{action}").status_code == 302
    assert other.open("/dashboard").status_code == 302
    assert app.test_client().get("/api/auth/me", headers=bearer(token)).status_code == 401
    assert person.open("/dashboard").status_code == here


def test_last_seen_is_written_once_a_minute_at_most(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    made = register(client)
    [login] = logins_of(app, made["user"]["id"])
    writes: list[Any] = []
    with app.app_context():
        store = services().store.logins
        original = type(store).seen
        monkeypatch.setattr(type(store), "seen", lambda self, *told: (writes.append(told), original(self, *told)))
        for _ in range(5):
            assert client.get("/api/auth/me", headers=bearer(made["token"])).status_code == 200
        assert writes == []
        age(app, login.id, timedelta(seconds=61))
        writes.clear()
        for _ in range(5):
            assert client.get("/api/auth/me", headers=bearer(made["token"])).status_code == 200
    assert len(writes) == 1
    [seen] = logins_of(app, made["user"]["id"])
    assert seen.last_seen_at and now() - seen.last_seen_at < timedelta(seconds=30)
