"""Deleting one's own account: by page and by API, with password, code and a typed confirmation."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.support.factor import PASSWORD, code_at, turn_on
from tests.support.matrix import services_of
from tests.support.pages import Browser
from tests.support.web import bearer, email, register

DELETE = "/settings/account/delete"


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"email": "somebody@example.com"}, 422), ({"email": ""}, 422), ({"current_password": "wrong horse"}, 401)],
)
def test_the_page_asks_for_what_a_thief_of_the_cookie_lacks(app: Flask, wrong: dict[str, str], status: int) -> None:
    address = email()
    person = Browser(app).register(address, PASSWORD)
    right = {"email": address, "current_password": PASSWORD}
    assert person.submit(DELETE, **{**right, **wrong}).status_code == status
    assert person.open("/dashboard").status_code == 200
    answer = person.submit(DELETE, **right)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login")
    assert person.open("/dashboard").status_code == 302
    assert Browser(app).login(address, PASSWORD).status_code == 401


def test_the_api_asks_for_the_password(app: Flask) -> None:
    client = app.test_client()
    made = register(client, password=PASSWORD)
    headers = bearer(made["token"])
    assert client.delete("/api/account", json={}, headers=headers).status_code == 422
    wrong = client.delete("/api/account", json={"password": "wrong horse"}, headers=headers)
    assert (wrong.status_code, wrong.get_json()["code"]) == (401, "invalid_credentials")
    assert client.get("/api/auth/me", headers=headers).status_code == 200
    assert client.delete("/api/account", json={"password": PASSWORD}, headers=headers).status_code == 204
    [entry] = services_of(app).audit.about(made["user"]["id"], 5)
    assert (entry["action"], entry["actor"]["id"]) == ("account.delete", made["user"]["id"])
    assert client.get("/api/auth/me", headers=headers).status_code == 401


def test_the_second_factor_is_asked_for_too(app: Flask) -> None:
    address = email()
    person = Browser(app).register(address, PASSWORD)
    secret, codes = turn_on(person)
    client = app.test_client()
    login = {"email": address, "password": PASSWORD, "otp": codes[0]}
    headers = bearer(client.post("/api/auth/login", json=login).get_json()["token"])
    asked = client.delete("/api/account", json={"password": PASSWORD}, headers=headers)
    assert (asked.status_code, asked.get_json()["code"]) == (401, "otp_required")
    assert person.submit(DELETE, email=address, current_password=PASSWORD, otp="000000").status_code == 401
    assert person.submit(DELETE, email=address, current_password=PASSWORD, otp=code_at(secret)).status_code == 302
    assert client.get("/api/auth/me", headers=headers).status_code == 401


def test_the_last_administrator_is_told_why_not(app: Flask) -> None:
    services = services_of(app)
    admins = [one for one in services.store.users.page(limit=50).items if one.is_admin]
    address = email()
    services.accounts.create_admin(address, PASSWORD)
    for one in admins:
        services.store.users.change(one.id, {"disabled": True})
    person = Browser(app)
    person.login(address, PASSWORD)
    answer = person.submit(DELETE, email=address, current_password=PASSWORD)
    assert answer.status_code == 409
    assert "last administrator" in answer.get_data(as_text=True)
    found = services.store.users.by_email(address)
    assert found and services.audit.about(found.id, 5)[0]["detail"] == "refused: last_admin"
    assert person.open("/dashboard").status_code == 200
