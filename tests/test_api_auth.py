"""/api/auth and who is who under /api."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.web import bearer, email, register
from wabot.blueprints._context import services


def test_register_gives_a_token_that_works(client: FlaskClient) -> None:
    made = register(client)
    assert (made["token_type"], made["expires_in"], made["user"]["role"]) == ("bearer", 86400, "user")
    me = client.get("/api/auth/me", headers=bearer(made["token"]))
    assert me.get_json() == {"user": made["user"]}


def test_an_address_is_taken_once_whatever_its_case(client: FlaskClient) -> None:
    address = email()
    register(client, address)
    again = client.post("/api/auth/register", json={"email": address.upper(), "password": "correct horse"})
    assert (again.status_code, again.get_json()["code"]) == (409, "email_taken")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"password": "correct horse"}, "email"),
        ({"email": "nobody", "password": "correct horse"}, "email"),
        ({"email": "a@example.com"}, "password"),
        ({"email": "a@example.com", "password": "short"}, "password"),
        ({"email": "a@example.com", "password": 12345678}, "password"),
        ({"email": "a@example.com", "password": "correct horse", "role": "admin"}, "role"),
    ],
)
def test_bad_registrations_name_the_field(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.post("/api/auth/register", json=body)
    assert answer.status_code == 422
    assert field in [one["field"] for one in answer.get_json()["errors"]]
    assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(("data", "status"), [("{bad", 400), ("[]", 422), ('"text"', 422), ("null", 422), ("\xff", 400)])
def test_malformed_json_is_a_clear_4xx(client: FlaskClient, data: str, status: int) -> None:
    answer = client.post("/api/auth/login", data=data.encode("latin-1"), content_type="application/json")
    assert answer.status_code == status
    assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]


def test_login_tells_nothing_about_who_exists(client: FlaskClient) -> None:
    made = register(client)
    wrong = client.post("/api/auth/login", json={"email": made["user"]["email"], "password": "wrong horse"})
    nobody = client.post("/api/auth/login", json={"email": email(), "password": "wrong horse"})
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.get_json()["code"] == nobody.get_json()["code"] == "invalid_credentials"
    assert wrong.get_json()["detail"] == nobody.get_json()["detail"]


def test_a_token_is_dead_after_logout_and_the_others_live(client: FlaskClient) -> None:
    made = register(client)
    credentials = {"email": made["user"]["email"], "password": "correct horse"}
    second = client.post("/api/auth/login", json=credentials).get_json()["token"]
    assert client.post("/api/auth/logout", headers=bearer(made["token"])).status_code == 204
    assert client.get("/api/auth/me", headers=bearer(made["token"])).status_code == 401
    assert client.get("/api/auth/me", headers=bearer(second)).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic dTpw", "Bearer wb_00000000_" + "x" * 43, "Bearer wb_"])
def test_bad_credentials_are_401(client: FlaskClient, header: str) -> None:
    answer = client.get("/api/auth/me", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_cookie_is_nobody_under_api(client: FlaskClient) -> None:
    made = register(client)
    page = client.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    form = {"email": made["user"]["email"], "password": "correct horse", "csrf_token": token[1]}
    assert client.post("/login", data=form).status_code == 302
    assert client.get("/dashboard").status_code == 200
    assert client.get("/api/messages").status_code == 401
    assert client.get("/api/messages", headers=bearer("x.y.z")).status_code == 401


def test_only_the_hash_of_a_password_is_kept(app: Flask, client: FlaskClient) -> None:
    made = register(client, password="a very secret horse")
    with app.app_context():
        user = services().store.users.get(made["user"]["id"])
    assert user is not None
    assert user.password_hash.startswith("scrypt:")
    assert "a very secret horse" not in repr(user)


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/no-such-call"])
def test_what_is_no_call_is_a_problem_whoever_asks(client: FlaskClient, path: str) -> None:
    answer = client.get(path, headers={"Accept": "text/html"})
    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert "/api/docs" in answer.get_json()["detail"]
    assert client.get("/apiary").mimetype == "text/html"
