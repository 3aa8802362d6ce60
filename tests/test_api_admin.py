"""/api/admin: for administrators only, and what they do to others is written down."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.web import Linked, bearer, register
from wabot.app import create_app
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD, Settings
from wabot.store.records import Session
from wabot.store.sessions import Sessions

CALLS = [
    ("GET", "/api/admin/users"),
    ("GET", "/api/admin/sessions"),
    ("POST", "/api/admin/sessions/000000000000000000000000/restart"),
    ("POST", "/api/admin/sessions/000000000000000000000000/disconnect"),
    ("GET", "/api/admin/settings"),
    ("PUT", "/api/admin/settings"),
    ("GET", "/api/admin/audit"),
]


@pytest.fixture
def admin(client: FlaskClient) -> dict[str, str]:
    answer = client.post("/api/auth/login", json={"email": DEFAULT_ADMIN_EMAIL, "password": DEFAULT_ADMIN_PASSWORD})
    return bearer(answer.get_json()["token"])


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_users_and_strangers_are_kept_out(client: FlaskClient, method: str, path: str) -> None:
    assert client.open(path, method=method, json={}).status_code == 401
    user = client.open(path, method=method, json={}, headers=bearer(register(client)["token"]))
    assert (user.status_code, user.get_json()["code"]) == (403, "forbidden")


def test_every_session_with_its_owner(client: FlaskClient, admin: dict[str, str], linked: Linked) -> None:
    [one] = client.get("/api/admin/sessions", headers=admin).get_json()["items"]
    assert one["user"] == {"id": linked.user["id"], "email": linked.user["email"]}
    assert {"id", "status", "memory_mb", "restarts", "last_error", "web_version"} <= set(one)
    assert "qr" not in one


def test_a_restart_keeps_the_login_and_is_audited(client: FlaskClient, admin: dict[str, str], linked: Linked) -> None:
    [one] = client.get("/api/admin/sessions", headers=admin).get_json()["items"]
    answer = client.post(f"/api/admin/sessions/{one['id']}/restart", headers=admin)
    assert (answer.status_code, answer.get_json()["status"]) == (202, "starting")
    assert linked.send().status_code == 202  # still linked: messages wait
    [entry] = client.get("/api/admin/audit?action=session.restart", headers=admin).get_json()["items"]
    assert (entry["actor"]["email"], entry["action"], entry["target"]) == (DEFAULT_ADMIN_EMAIL, "session.restart", one["id"])
    assert entry["address"]


def test_a_disconnect_without_a_gateway_is_503_and_stays_ordered(
    client: FlaskClient, admin: dict[str, str], linked: Linked
) -> None:
    [one] = client.get("/api/admin/sessions", headers=admin).get_json()["items"]
    answer = client.post(f"/api/admin/sessions/{one['id']}/disconnect", headers=admin)
    assert (answer.status_code, answer.get_json()["code"]) == (503, "gateway_unavailable")
    assert linked.send().status_code == 409  # from now on nothing is accepted


def test_settings_take_exactly_what_they_give(client: FlaskClient, admin: dict[str, str]) -> None:
    given: dict[str, Any] = client.get("/api/admin/settings", headers=admin).get_json()
    assert given["rate_limits"]["send_per_minute"] == 60
    given["sessions_per_user"] = 1
    changed = client.put("/api/admin/settings", json=given, headers=admin)
    assert (changed.status_code, changed.get_json()) == (200, given)
    part = client.put("/api/admin/settings", json={"rate_limits": {"send_per_minute": 7}}, headers=admin).get_json()
    assert part == {**given, "rate_limits": {**given["rate_limits"], "send_per_minute": 7}}, "what is left out stays"
    assert client.put("/api/admin/settings", json={"nope": 1}, headers=admin).status_code == 422
    bad = client.put("/api/admin/settings", json={**given, "rate_limits": {"send_per_minute": 0}}, headers=admin)
    assert bad.get_json()["errors"][0]["field"] == "rate_limits.send_per_minute"


@pytest.mark.parametrize(
    ("path", "given", "field", "words"),
    [
        ("settings", {"nope": 1}, "nope", "is not a known field"),
        ("settings", {"rate_limits": None}, "rate_limits", "must be an object"),
        ("settings", {"rate_limits": {"send_per_day": 10**7}}, "rate_limits.send_per_day", "must be at most 1000000"),
        ("settings", {"pacing": {"enabled": "no"}}, "pacing.enabled", "must be true or false"),
        ("users/{id}", {"limits": {"send_per_minute": 0}}, "limits.send_per_minute", "must be at least 1"),
    ],
)
def test_wrong_settings_are_refused_in_words(
    client: FlaskClient, admin: dict[str, str], linked: Linked, path: str, given: dict[str, Any], field: str, words: str
) -> None:
    change = client.put if path == "settings" else client.patch
    answer = change(f"/api/admin/{path.format(id=linked.user['id'])}", json=given, headers=admin)
    assert (answer.status_code, answer.get_json()["errors"]) == (422, [{"field": field, "detail": words}])


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"data": "{", "content_type": "application/json"}, "malformed_json"),
        ({"data": {"registration_open": "false"}}, "not_json"),
        ({"json": {}, "query_string": {"registration_open": "false"}}, "invalid_request"),
    ],
    ids=["broken", "form", "address"],
)
def test_settings_are_read_like_every_other_body(
    client: FlaskClient, admin: dict[str, str], asked: dict[str, Any], code: str
) -> None:
    answer = client.put("/api/admin/settings", headers=admin, **asked)
    assert (answer.status_code, answer.get_json()["code"]) == (422 if code == "invalid_request" else 400, code)


def test_the_number_of_sessions_is_limited(client: FlaskClient, admin: dict[str, str]) -> None:
    values = client.get("/api/admin/settings", headers=admin).get_json()
    client.put("/api/admin/settings", json={**values, "sessions_per_user": 1}, headers=admin)
    user = bearer(register(client)["token"])
    assert client.post("/api/whatsapp/initialize", json={"network": "sandbox"}, headers=user).status_code == 202
    second = client.post("/api/whatsapp/initialize", json={"session": "second", "network": "sandbox"}, headers=user)
    assert (second.status_code, second.get_json()["code"]) == (409, "too_many_sessions")


@pytest.mark.parametrize("processes", [1, 2])
def test_the_number_of_sessions_is_limited_also_at_the_same_moment(
    app: Flask, settings: Settings, client: FlaskClient, admin: dict[str, str], monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    """In one web process only one is refused, of several all may be."""
    values = client.get("/api/admin/settings", headers=admin).get_json()
    client.put("/api/admin/settings", json={**values, "sessions_per_user": 1}, headers=admin)
    others = [create_app(settings) for _ in range(1, processes)]
    apps = itertools.cycle([app, *others])
    of_user, counted = Sessions.of_user, Barrier(2)

    def counting(self: Sessions, user_id: str) -> list[Session]:
        found = of_user(self, user_id)
        with suppress(BrokenBarrierError):  # nobody else counts meanwhile, as it should be
            counted.wait(0.3)
        return found

    def initialize(user: str, name: str) -> int:
        order = {"session": name, "network": "sandbox"}
        answer = next(apps).test_client().post("/api/whatsapp/initialize", json=order, headers=bearer(user))
        return answer.status_code

    monkeypatch.setattr(Sessions, "of_user", counting)
    with ThreadPoolExecutor(2) as pool:
        both = pool.map(initialize, [register(client)["token"]] * 2, ["one", "other"])
        assert sorted(both) in [[202, 409], [409, 409]][:processes]
        counted.reset()
        again = pool.map(initialize, [register(client)["token"]] * 2, ["one", "one"])
        assert list(again) == [202, 202], "the same session twice is one"
    for other in others:
        other.extensions["wabot"].close()
