"""Lists that are short enough to be read whole are given in pages as well, when that is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.web import Linked, bearer, email, register
from wabot.blueprints._context import services


def add_keys(client: FlaskClient, token: str) -> None:
    for number in range(5):
        client.post("/api/keys", json={"name": f"script {number}"}, headers=bearer(token))


def add_webhooks(client: FlaskClient, token: str) -> None:
    for number in range(5):
        asked = {"url": f"https://hooks.example.invalid/{number}", "events": ["message.sent"]}
        client.post("/api/webhooks", json=asked, headers=bearer(token))


LISTS = [("/api/keys", add_keys), ("/api/webhooks", add_webhooks)]


def pages(client: FlaskClient, token: str, path: str) -> list[dict[str, Any]]:
    """Two items at a time."""
    found, query = [], "limit=2"
    while query:
        page = client.get(f"{path}?{query}", headers=bearer(token)).get_json()
        assert len(page["items"]) <= 2
        found += page["items"]
        query = f"limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    return found


@pytest.mark.parametrize(("path", "add"), LISTS)
def test_pages_make_up_the_whole(client: FlaskClient, path: str, add: Any) -> None:
    token = register(client)["token"]
    add(client, token)
    whole = client.get(path, headers=bearer(token)).get_json()
    assert (len(whole["items"]), whole["next_cursor"]) == (5, None)
    assert pages(client, token, path) == whole["items"]


def test_a_page_goes_on_where_the_one_before_ended_though_that_is_gone(client: FlaskClient) -> None:
    token = register(client)["token"]
    add_keys(client, token)
    first = client.get("/api/keys?limit=2", headers=bearer(token)).get_json()
    client.delete(f"/api/keys/{first['next_cursor']}", headers=bearer(token))
    rest = client.get(f"/api/keys?cursor={first['next_cursor']}", headers=bearer(token)).get_json()["items"]
    assert [one["name"] for one in first["items"] + rest] == [f"script {number}" for number in (4, 3, 2, 1, 0)]


@pytest.mark.parametrize(
    "path",
    [
        "/api/keys?", "/api/webhooks?", "/api/messages?", "/api/chats?", "/api/admin/users?", "/api/admin/users?q=a&", "/api/admin/sessions?",
        "/api/admin/audit?",
    ],
)  # fmt: skip
def test_what_is_no_place_in_a_list_is_refused(app: Flask, path: str) -> None:
    with app.app_context():
        boss = services().accounts.create_admin(email(), "correct horse")
        token = services().identity.token_for(boss, services().identity.open_login(boss, "api"))
    answer = app.test_client().get(f"{path}cursor=zzz", headers=bearer(token))
    assert answer.status_code == 422
    assert [one["field"] for one in answer.get_json()["errors"]] == ["cursor"]


def test_sessions_come_in_pages_by_name(app: Flask, linked: Linked) -> None:
    with app.app_context():
        known = services().store.sessions.named(linked.user["id"], "default")
        assert known
        for name in ("zeta", "alpha"):
            others = {field: value for field, value in vars(known).items() if field not in ("id", "name")}
            services().store.sessions.add({**others, "name": name})
    found = pages(linked.client, linked.token, "/api/whatsapp/sessions")
    assert [one["session"] for one in found] == ["alpha", "default", "zeta"]


@pytest.mark.parametrize("path", ["/api/keys", "/api/webhooks", "/api/whatsapp/sessions"])
@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "nope=1"])
def test_bad_queries_are_422(client: FlaskClient, path: str, query: str) -> None:
    token = register(client)["token"]
    assert client.get(f"{path}?{query}", headers=bearer(token)).status_code == 422
