"""Limits for those who aren't logged in: they are counted by address, so that nobody guesses at a login from one place."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.limits import limit
from tests.support.pages import Browser
from tests.support.web import email, register
from wabot.lib.addresses import neighbourhood


def test_logins_are_limited_by_address_even_when_limits_are_off(app: Flask, client: FlaskClient) -> None:
    limit(app, enabled=False, login_per_minute=2, register_per_hour=2)
    made = register(client)
    register(client)
    refused = client.post("/api/auth/register", json={"email": email(), "password": "correct horse"})
    assert (refused.status_code, refused.get_json()["limit"]) == (429, "register_per_hour")
    body = {"email": made["user"]["email"], "password": "correct horse"}
    assert [client.post("/api/auth/login", json=body).status_code for _ in range(3)] == [200, 200, 429]
    page = Browser(app).login(made["user"]["email"], "correct horse")
    assert page.status_code == 429
    assert page.headers["Retry-After"]
    assert made["user"]["email"] in page.get_data(as_text=True), "the address typed is kept"
    elsewhere = client.post("/api/auth/login", json=body, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 200


def test_asking_for_a_forgotten_password_takes_no_login_away(app: Flask, client: FlaskClient) -> None:
    limit(app, login_per_minute=1)
    address = register(client)["user"]["email"]
    forgot = [client.post("/api/auth/forgot-password", json={"email": address}).status_code for _ in range(2)]
    assert forgot == [202, 429]
    assert client.post("/api/auth/login", json={"email": address, "password": "correct horse"}).status_code == 200


def test_hints_on_a_password_are_limited_by_address_apart_from_registrations(app: Flask, client: FlaskClient) -> None:
    limit(app, enabled=False, register_per_hour=1)
    form = Browser(app)
    answers = [form.submit("/register", "/password-hint", password="a long password") for _ in range(11)]
    assert [one.status_code for one in answers] == [200] * 10 + [429]
    assert answers[0].get_json() == {"why": None}
    assert answers[10].headers["Retry-After"]
    assert register(client)["token"]


def test_forwarded_addresses_count_only_behind_trusted_proxies(app: Flask, client: FlaskClient) -> None:
    limit(app, login_per_minute=1)
    body = {"email": email(), "password": "wrong horse"}
    codes = [
        client.post("/api/auth/login", json=body, headers={"X-Forwarded-For": f"192.0.2.{last}"}).status_code for last in (1, 2)
    ]
    assert codes == [401, 429]


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.1", "192.0.2.1"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("::ffff:192.0.2.1", "192.0.2.1"),
        ("fe80::1%eth0", "fe80::/64"), ("", "unknown"), ("unix:", "unix:"),
    ],
)  # fmt: skip
def test_addresses_are_counted_by_those_who_hold_them(address: str, group: str) -> None:
    assert neighbourhood(address) == group
