"""/api/keys: scopes, expiry, revocation, and that a key never makes keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.web import bearer, register
from wabot.blueprints._context import services
from wabot.errors import Invalid, NotFound
from wabot.lib.clock import from_rfc3339, now, to_rfc3339
from wabot.services.audit import Audited
from wabot.services.keys import Keys
from wabot.store.keys import REVOKED_KEPT


def make(client: FlaskClient, token: str, **body: Any) -> dict[str, Any]:
    answer = client.post("/api/keys", json={"name": "script", **body}, headers=bearer(token))
    assert answer.status_code == 201, answer.get_json()
    made: dict[str, Any] = answer.get_json()
    return made


def test_a_key_is_shown_once(client: FlaskClient) -> None:
    token = register(client)["token"]
    key = make(client, token)
    assert key["key"].startswith(f"wb_{key['prefix']}_")
    assert key["scopes"] == ["send", "read"]
    listed = client.get("/api/keys", headers=bearer(token)).get_json()["items"]
    assert [one["id"] for one in listed] == [key["id"]]
    assert "key" not in listed[0]


def test_when_it_was_last_used_is_told(client: FlaskClient) -> None:
    token = register(client)["token"]
    used, unused, started = make(client, token), make(client, token), now()
    assert client.get("/api/messages", headers=bearer(used["key"])).status_code == 200
    listed = {one["id"]: one["last_used_at"] for one in client.get("/api/keys", headers=bearer(token)).get_json()["items"]}
    assert listed.pop(unused["id"]) is None
    assert started - timedelta(seconds=1) < from_rfc3339(listed[used["id"]]) <= now()


def test_the_database_holds_no_key(app: Flask, client: FlaskClient) -> None:
    made = register(client)
    key = make(client, made["token"])
    with app.app_context():
        record = services().store.keys.with_user(key["prefix"])
    assert key["key"].split("_", 2)[2] not in repr(record)


@pytest.mark.parametrize("header", ["Authorization", "X-API-Key"])
def test_both_headers_work(client: FlaskClient, header: str) -> None:
    key = make(client, register(client)["token"])["key"]
    value = f"Bearer {key}" if header == "Authorization" else key
    assert client.get("/api/messages", headers={header: value}).status_code == 200


def test_a_key_works_behind_a_proxy_that_asks_for_a_password(client: FlaskClient) -> None:
    key = make(client, register(client)["token"])["key"]
    headers = {"Authorization": "Basic dTpw", "X-API-Key": key}
    assert client.get("/api/messages", headers=headers).status_code == 200
    assert client.get("/api/messages", headers={**headers, "Authorization": "Bearer"}).status_code == 401
    assert client.get("/api/messages", headers={**headers, "Authorization": "Bearer x"}).status_code == 401


@pytest.mark.parametrize(("name", "before"), [("apikey", ""), ("Authorization", ""), ("Authorization", "Basic ")])
def test_a_key_in_the_wrong_place_is_told_the_right_ones(client: FlaskClient, name: str, before: str) -> None:
    """As other gateways take it."""
    key = make(client, register(client)["token"])["key"]
    found = {path: client.get(path, headers={name: before + key}).get_json() for path in ("/api/messages", "/api/send")}
    assert {one["code"] for one in found.values()} == {"unauthenticated"}
    assert all("Authorization: Bearer" in one["detail"] and "X-API-Key" in one["detail"] for one in found.values())
    assert ["api_key" in one["detail"] for one in found.values()] == [False, True]


@pytest.mark.parametrize("wrong", ["nonsense", "wb_nonsense", "wb_01234567_nonsense", "a.b.c"])
def test_what_is_no_key_is_refused_as_one_where_keys_stand(client: FlaskClient, wrong: str) -> None:
    for answer in (
        client.get("/api/messages", headers={"X-API-Key": wrong}),
        client.get(f"/api/send?api_key={wrong}&to=12025550143&message=x"),
        client.post("/api/send", data={"api_key": wrong, "to": "12025550143", "message": "x"}),
    ):
        assert (answer.status_code, answer.get_json()["code"]) == (401, "invalid_api_key")
    by_bearer = client.get("/api/messages", headers=bearer(wrong)).get_json()["code"]
    assert by_bearer == ("invalid_api_key" if wrong.startswith("wb_") else "invalid_token")


def test_a_login_token_is_taken_where_keys_stand(client: FlaskClient) -> None:
    token = register(client)["token"]
    assert client.get("/api/messages", headers={"X-API-Key": token}).status_code == 200
    answer = client.get(f"/api/send?api_key={token}&to=12025550143&message=x")
    assert answer.get_json()["code"] == "session_not_connected"


def test_scopes_are_enforced(client: FlaskClient) -> None:
    token = register(client)["token"]
    reader = bearer(make(client, token, scopes=["read"])["key"])
    assert client.get("/api/messages", headers=reader).status_code == 200
    for path in ("/api/messages/send", "/api/whatsapp/initialize"):
        answer = client.post(path, json={}, headers=reader)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "missing_scope")


def test_a_key_never_makes_keys(client: FlaskClient) -> None:
    key = make(client, register(client)["token"], scopes=["send", "read", "manage"])["key"]
    answer = client.post("/api/keys", json={"name": "another"}, headers=bearer(key))
    assert (answer.status_code, answer.get_json()["code"]) == (403, "login_required")


def test_a_revoked_key_is_dead_at_once(client: FlaskClient) -> None:
    token = register(client)["token"]
    key = make(client, token)
    assert client.delete(f"/api/keys/{key['id']}", headers=bearer(token)).status_code == 204
    assert client.get("/api/messages", headers=bearer(key["key"])).status_code == 401
    assert client.delete(f"/api/keys/{key['id']}", headers=bearer(token)).status_code == 404
    assert client.get("/api/keys", headers=bearer(token)).get_json()["items"] == []


def test_a_revoked_key_can_be_had_back_for_ten_minutes(app: Flask, client: FlaskClient) -> None:
    made = register(client)
    key = make(client, made["token"])
    with app.app_context():
        known = services()
        user, stranger = known.store.users.get(made["user"]["id"]), known.store.users.get(register(client)["user"]["id"])
        assert user is not None and stranger is not None
        known.keys.revoke(Audited(user, ""), key["id"])
        with pytest.raises(NotFound):
            known.keys.restore(Audited(stranger, ""), key["id"])
        known.keys.restore(Audited(user, ""), key["id"])
        assert client.get("/api/messages", headers=bearer(key["key"])).status_code == 200
        known.keys.restore(Audited(user, ""), key["id"])  # a second click

        known.keys.revoke(Audited(user, ""), key["id"])
        known.store.keys._keys.update_one({"prefix": key["prefix"]}, {"$set": {"revoked_at": now() - REVOKED_KEPT}})
        with pytest.raises(NotFound):
            known.keys.restore(Audited(user, ""), key["id"])
    assert client.get("/api/messages", headers=bearer(key["key"])).status_code == 401


def test_no_more_keys_than_allowed_by_having_one_back(app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wabot.services.keys.KEYS_PER_USER", 1)
    made = register(client)
    first = make(client, made["token"])
    client.delete(f"/api/keys/{first['id']}", headers=bearer(made["token"]))
    make(client, made["token"])
    with app.app_context():
        user = services().store.users.get(made["user"]["id"])
        assert user is not None
        with pytest.raises(Invalid):
            services().keys.restore(Audited(user, ""), first["id"])
    assert client.get("/api/messages", headers=bearer(first["key"])).status_code == 401


def test_no_more_keys_than_allowed_by_making_them_at_once(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wabot.services.keys.KEYS_PER_USER", 1)
    monkeypatch.setattr(Keys, "_check_room", lambda *_: None)  # as if each had looked before the others wrote
    made = register(client)
    first = make(client, made["token"])
    client.delete(f"/api/keys/{first['id']}", headers=bearer(made["token"]))
    second = make(client, made["token"])
    with app.app_context():
        known = services()
        user = known.store.users.get(made["user"]["id"])
        assert user is not None
        with pytest.raises(Invalid):
            known.keys.restore(Audited(user, ""), first["id"])
        with pytest.raises(Invalid):
            known.keys.make(Audited(user, ""), "third", ["read"], None)
        assert [one.id for one in known.store.keys.of_user(user.id)] == [second["id"]]


def test_an_expired_key_is_dead(app: Flask, client: FlaskClient) -> None:
    made = register(client)
    later = to_rfc3339(now() + timedelta(hours=1))
    key = make(client, made["token"], expires_at=later)
    assert key["expires_at"] == later
    assert client.get("/api/messages", headers=bearer(key["key"])).status_code == 200
    with app.app_context():
        keys = services().store.keys
        keys._keys.update_one({"prefix": key["prefix"]}, {"$set": {"expires_at": now()}})
    assert client.get("/api/messages", headers=bearer(key["key"])).status_code == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "   "}, "name"),
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": "x", "scopes": ["everything"]}, "scopes"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "expires_at": "tomorrow"}, "expires_at"),
        ({"name": "x", "expires_at": "9999-12-31T23:59:59Z"}, "expires_at"),
        ({"name": "x", "expires_at": to_rfc3339(now() + timedelta(days=3670))}, "expires_at"),
    ],
)
def test_bad_keys_name_the_field(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.post("/api/keys", json=body, headers=bearer(register(client)["token"]))
    assert answer.status_code == 422
    assert field in [one["field"] for one in answer.get_json()["errors"]]


def test_another_users_key_is_not_found(client: FlaskClient) -> None:
    alice, bob = register(client)["token"], register(client)["token"]
    key = make(client, alice)
    assert client.delete(f"/api/keys/{key['id']}", headers=bearer(bob)).status_code == 404
    assert client.get("/api/keys", headers=bearer(bob)).get_json()["items"] == []
