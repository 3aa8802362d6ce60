"""The first start: in local an admin that must choose a password; in production nothing that anybody knows."""

from __future__ import annotations

import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pymongo import MongoClient

from tests.support.database import Database
from tests.support.pages import Browser
from tests.support.stack import ROOT, environment
from tests.support.web import bearer, register, settings_for
from wabot import cli, config
from wabot.app import create_app
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD
from wabot.launch import prepare
from wabot.store.users import Users

DEFAULT = {"email": DEFAULT_ADMIN_EMAIL, "password": DEFAULT_ADMIN_PASSWORD}
SECURE = {
    "WABOT_ENV": "production",
    "SECRET_KEY": secrets.token_urlsafe(32),
    "PUBLIC_URL": "https://wabot.example.com",
    "METRICS_TOKEN": secrets.token_urlsafe(16),
}


def production(settings: config.Settings) -> config.Settings:
    """The same data and database, as production finds them."""
    ports = {"GATEWAY_PORT": "1", "SANDBOX_PORT": "2"}
    return config.load({"WABOT_DATA": str(settings.data), "MONGO_URI": settings.database_uri, **ports, **SECURE})


@pytest.fixture
def live(settings: config.Settings) -> Iterator[Flask]:
    made = create_app(production(settings))
    cli.register(made)
    yield made
    made.extensions["wabot"].close()


def test_the_api_works_with_the_default_admin_while_the_pages_wait_for_a_password(app: Flask, client: FlaskClient) -> None:
    token = client.post("/api/auth/login", json=DEFAULT).get_json()["token"]
    assert client.get("/api/admin/settings", headers=bearer(token)).status_code == 200
    key = client.post("/api/keys", json={"name": "x"}, headers=bearer(token)).get_json()["key"]
    assert client.get("/api/messages", headers=bearer(key)).status_code == 200
    admin = Browser(app)
    admin.login(DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD)
    for path in ("/dashboard", "/settings", "/admin", "/keys", "/messages"):
        assert admin.open(path).headers["Location"] == "/settings/password"
    assert admin.submit("/settings/password", "/language", language="en", next="/x").headers["Location"] == "/x"
    kept = admin.submit("/settings/password", current_password=DEFAULT_ADMIN_PASSWORD, password=DEFAULT_ADMIN_PASSWORD)
    assert kept.status_code == 422
    assert admin.open("/dashboard").headers["Location"] == "/settings/password"


def test_a_default_admin_is_made_once_and_not_again_after_a_change(app: Flask, settings: config.Settings) -> None:
    admin = Browser(app)
    admin.login(DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD)
    admin.submit("/settings/password", current_password=DEFAULT_ADMIN_PASSWORD, password="my own password")
    again = create_app(settings)
    assert again.test_client().post("/api/auth/login", json=DEFAULT).status_code == 401
    again.extensions["wabot"].close()


def test_an_admin_of_ones_own_is_asked_nothing(settings: config.Settings) -> None:
    own = settings.model_copy(update={"admin_email": "me@example.com", "admin_password": "my own password"})
    app = create_app(own)
    assert Browser(app).login("me@example.com", "my own password").headers["Location"] == "/dashboard"
    app.extensions["wabot"].close()


def test_production_has_no_admin_until_one_is_made(live: Flask) -> None:
    client = live.test_client()
    assert client.post("/api/auth/login", json=DEFAULT).status_code == 401
    assert (
        client.post("/api/auth/register", json={**DEFAULT, "email": "x@example.com"}).get_json()["code"] == "registration_closed"
    )
    runner = live.test_cli_runner()
    weak = runner.invoke(args=["create-admin", "root@example.com", "--password", "password1"])
    assert weak.exit_code == 1 and "very common" in weak.output
    known = runner.invoke(args=["create-admin", "root@example.com", "--password", DEFAULT_ADMIN_PASSWORD])
    assert known.exit_code == 1 and "everybody knows it" in known.output
    made = runner.invoke(args=["create-admin", "root@example.com", "--password", "a horse of my own"])
    assert made.exit_code == 0, made.output
    answer = client.post("/api/auth/login", json={"email": "root@example.com", "password": "a horse of my own"})
    assert answer.get_json()["user"]["role"] == "admin"
    taken = runner.invoke(args=["create-admin", "root@example.com", "--password", "a horse of my own"])
    assert taken.exit_code == 1 and "already an account" in taken.output


def test_the_default_login_of_a_local_start_is_worth_nothing_in_production(app: Flask, settings: config.Settings) -> None:
    token = app.test_client().post("/api/auth/login", json=DEFAULT).get_json()["token"]
    live = create_app(production(settings))
    assert live.test_client().post("/api/auth/login", json=DEFAULT).status_code == 401
    assert live.test_client().get("/api/auth/me", headers=bearer(token)).status_code == 401, "signed with another secret"
    live.extensions["wabot"].close()


def test_the_default_login_is_worth_nothing_where_others_reach_it(app: Flask, settings: config.Settings) -> None:
    open_to_all = settings.model_copy(update={"host": "0.0.0.0"})
    assert create_and_try(open_to_all, DEFAULT) == 401


def test_a_password_that_is_set_later_replaces_the_default_and_nothing_else(app: Flask, settings: config.Settings) -> None:
    later = settings.model_copy(update={"admin_password": "set a day later"})
    chosen = {**DEFAULT, "password": "set a day later"}
    assert [create_and_try(later, one) for one in (chosen, DEFAULT)] == [200, 401]
    again = settings.model_copy(update={"admin_password": "and another one"})
    assert [create_and_try(again, one) for one in (chosen, {**DEFAULT, "password": "and another one"})] == [200, 401]


def create_and_try(settings: config.Settings, credentials: dict[str, str]) -> int:
    made = create_app(settings)
    try:
        return made.test_client().post("/api/auth/login", json=credentials).status_code
    finally:
        made.extensions["wabot"].close()


def test_cookies_are_secure_in_production(live: Flask) -> None:
    answer = live.test_client().get("/login", base_url="https://wabot.example.com")
    cookie = answer.headers["Set-Cookie"]
    assert "Secure" in cookie and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    assert "Strict-Transport-Security" in answer.headers
    assert live.config["REMEMBER_COOKIE_SECURE"] and live.config["REMEMBER_COOKIE_HTTPONLY"]


def test_without_a_mail_server_production_warns_and_forgot_says_so(live: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    again = create_app(live.extensions["wabot"].settings)
    again.extensions["wabot"].close()
    assert "mails_off" in capsys.readouterr().out
    page = live.test_client().get("/forgot", base_url="https://wabot.example.com").get_data(as_text=True)
    assert "send mails" in page and 'name="email"' not in page
    assert live.test_client().post("/api/auth/forgot-password", json={"email": "x@example.com"}).status_code == 202


@pytest.mark.parametrize("missing", ["SECRET_KEY", "PUBLIC_URL", "METRICS_TOKEN"])
def test_the_launcher_refuses_by_name(tmp_path: Path, missing: str) -> None:
    settings = {name: value for name, value in SECURE.items() if name != missing}
    with pytest.raises(config.ConfigError) as refused:
        prepare(environment(tmp_path / "var", **settings))
    assert set(refused.value.problems) == {missing}
    assert not (tmp_path / "var").exists(), "nothing is made before the settings are good"


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ({**SECURE, "WABOT_ADMIN_PASSWORD": "password1"}, True),
        ({"WABOT_HOST": "0.0.0.0", "WABOT_ADMIN_PASSWORD": "password1"}, True),
        ({"WABOT_ADMIN_PASSWORD": "password1", "WABOT_PORT": "1"}, False),
    ],
)
def test_an_admins_password_that_others_can_try_must_not_be_guessed_at_once(
    tmp_path: Path, settings: dict[str, str], refused: bool
) -> None:
    with pytest.raises(config.ConfigError) as caught:
        prepare(environment(Path("/proc/no-such-place") if not refused else tmp_path / "var", **settings))
    assert ("WABOT_ADMIN_PASSWORD" in caught.value.problems) == refused


def test_a_default_engine_that_is_not_there_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    with pytest.raises(config.ConfigError, match="choose from baileys, webjs") as refused:
        prepare(environment(tmp_path / "var", WABOT_DEFAULT_ENGINE="telegraph"))
    assert set(refused.value.problems) == {"WABOT_DEFAULT_ENGINE"}
    assert not (tmp_path / "var").exists()


def test_the_launcher_says_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    settings = {"WABOT_ENV": "production", "WABOT_ADMIN_PASSWORD": DEFAULT_ADMIN_PASSWORD, "WABOT_WEBHOOK_ALLOW": "localhost"}
    launched = subprocess.run(
        [sys.executable, "-m", "wabot.launch"], cwd=ROOT, env=environment(tmp_path / "var", **settings),
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert launched.returncode == 2
    for name in ("SECRET_KEY", "PUBLIC_URL", "METRICS_TOKEN", "WABOT_ADMIN_PASSWORD", "WABOT_WEBHOOK_ALLOW"):
        assert f"  {name}: " in launched.stderr
    assert DEFAULT_ADMIN_PASSWORD not in launched.stderr


def test_registered_users_are_no_admins(client: FlaskClient) -> None:
    assert register(client)["user"]["role"] == "user"


def test_a_database_that_comes_after_web_is_prepared_before_it_is_used(tmp_path: Path) -> None:
    database = Database(tmp_path / "db")
    app = create_app(settings_for(database.new_uri(), tmp_path / "var"))
    client = app.test_client()
    try:
        assert [client.get(path).status_code for path in ("/login", "/healthz", "/readyz")] == [503, 200, 503]
        database.start()
        assert client.get("/readyz").get_json()["checks"]["db"] is True
        assert client.post("/api/auth/login", json=DEFAULT).status_code == 200
        with MongoClient[dict[str, Any]](app.extensions["wabot"].settings.database_uri) as mongo:
            assert "email_1" in mongo.get_default_database()["users"].index_information()
    finally:
        app.extensions["wabot"].close()
        database.stop()


def test_two_processes_that_start_at_once_have_one_first_admin(
    settings: config.Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[bool] = []
    any_admin = Users.any_admin

    def before_the_other_wrote(users: Users) -> bool:
        looked.append(any_admin(users))
        return looked[-1] and len(looked) > 2

    monkeypatch.setattr(Users, "any_admin", before_the_other_wrote)
    apps = [create_app(settings), create_app(settings)]
    assert looked == [False, True, True]
    assert apps[1].test_client().post("/api/auth/login", json=DEFAULT).status_code == 200
    for one in apps:
        one.extensions["wabot"].close()
