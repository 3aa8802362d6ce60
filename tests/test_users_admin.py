"""Accounts in the hands of administrators: found, changed, locked out at once, deleted; the last administrator stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.serving import make_server

from tests.support.pages import Browser
from tests.support.web import Linked, bearer, email, register
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD
from wabot.services import Services

PASSWORD = "correct horse battery staple"


@pytest.fixture
def admin(client: FlaskClient) -> dict[str, str]:
    answer = client.post("/api/auth/login", json={"email": DEFAULT_ADMIN_EMAIL, "password": DEFAULT_ADMIN_PASSWORD})
    return bearer(answer.get_json()["token"])


def actions(known: Services, target: str) -> list[str]:
    return [one["action"] for one in known.audit.about(target, 50)]


def everyone(client: FlaskClient, admin: dict[str, str], query: str) -> list[str]:
    """All pages of a search."""
    found, cursor = [], ""
    while cursor is not None:
        answer = client.get("/api/admin/users", query_string=f"{query}&limit=3" + (cursor and f"&cursor={cursor}"), headers=admin)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        page = answer.get_json()
        found += [one["email"] for one in page["items"]]
        cursor = page["next_cursor"]
    return found


def test_users_are_found_by_the_beginning_of_address_or_name(client: FlaskClient, known: Services, admin: dict[str, str]) -> None:
    for address, name in [("anna@a.example", "Zoë"), ("annika@a.example", "Bert"), ("bob@a.example", "Ann B."), ("cy@a.example", "ANNEX"),
                          ("dora@a.example", "Joanna"), ("an@a.example", ""), ("éva@a.example", "Éva")]:  # fmt: skip
        known.accounts.add(address, PASSWORD, name=name, role="user")
    by_address, by_name = ["anna@a.example", "annika@a.example"], ["bob@a.example", "cy@a.example"]
    assert everyone(client, admin, "q=ann") == by_address + by_name
    assert everyone(client, admin, "q=ANN") == by_address + by_name
    assert everyone(client, admin, "q=an") == ["an@a.example", *by_address, *by_name]
    assert everyone(client, admin, "q=%C3%A9v") == ["éva@a.example"]
    assert everyone(client, admin, "q=.*") == []
    assert len(everyone(client, admin, "")) == 8


def test_users_are_narrowed_by_state(client: FlaskClient, known: Services, admin: dict[str, str]) -> None:
    for address, more in [("u1@b.example", {}), ("u2@b.example", {"disabled": True}), ("u3@b.example", {"invited": True})]:
        known.accounts.add(address, PASSWORD, name="", role="user", **more)
    assert everyone(client, admin, "state=disabled") == ["u2@b.example"]
    assert everyone(client, admin, "state=invited&q=u") == ["u3@b.example"]
    assert everyone(client, admin, "state=admin") == [DEFAULT_ADMIN_EMAIL]
    assert everyone(client, admin, "state=active&q=u") == ["u1@b.example"]
    assert client.get("/api/admin/users?state=x", headers=admin).status_code == 422


def test_disabling_locks_out_at_once_and_lets_sessions_rest(
    client: FlaskClient, known: Services, admin: dict[str, str], linked: Linked
) -> None:
    user, mine = linked.user["id"], bearer(linked.token)
    key = client.post("/api/keys", json={"name": "k"}, headers=mine).get_json()["key"]
    changed = client.patch(f"/api/admin/users/{user}", json={"disabled": True}, headers=admin)
    assert (changed.status_code, changed.get_json()["disabled"]) == (200, True)
    assert client.get("/api/auth/me", headers=mine).status_code == 401
    assert client.get("/api/messages", headers={"X-API-Key": key}).status_code == 401
    again = {"email": linked.user["email"], "password": "correct horse"}
    assert client.post("/api/auth/login", json=again).status_code == 401
    [resting] = known.store.sessions.of_user(user)
    assert (resting.desired, resting.status, resting.reason, resting.linked) == ("off", "disconnected", "account_disabled", True)
    client.patch(f"/api/admin/users/{user}", json={"disabled": False}, headers=admin)
    [woken] = known.store.sessions.of_user(user)
    assert (woken.desired, woken.status, woken.linked, woken.epoch) == ("on", "starting", True, resting.epoch + 1)
    assert client.get("/api/messages", headers={"X-API-Key": key}).status_code == 200, "keys live on"
    assert client.get("/api/auth/me", headers=mine).status_code == 401, "tokens don't"
    assert actions(known, user)[:2] == ["user.enable", "user.disable"]


def test_sessions_of_somebody_disabled_by_a_process_that_died_come_to_rest(known: Services, linked: Linked) -> None:
    known.store.users.change(linked.user["id"], {"disabled": True})
    known.user_administration.settle()
    [resting] = known.store.sessions.of_user(linked.user["id"])
    assert resting.desired == "off"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"role": "king"}, 422, "role"),
        ({"role": None}, 422, "role"),
        ({"disabled": "yes"}, 422, "disabled"),
        ({"limits": {"send_per_minute": 0}}, 422, "limits.send_per_minute"),
        ({"limits": {"sends": 1}}, 422, "limits.sends"),
        ({"email": "a@example.com"}, 422, "email"),
        ({"role": "admin", "limits": {"sends": 1}}, 422, "limits.sends"),
    ],
)
def test_bad_changes_are_named_and_change_nothing(
    client: FlaskClient, known: Services, admin: dict[str, str], body: dict[str, Any], status: int, field: str
) -> None:
    user = register(client)["user"]["id"]
    before = known.store.users.get(user)
    answer = client.patch(f"/api/admin/users/{user}", json=body, headers=admin)
    assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (status, field)
    assert known.store.users.get(user) == before and actions(known, user) == []


def test_limits_of_a_user_hold_and_go(client: FlaskClient, known: Services, admin: dict[str, str], linked: Linked) -> None:
    path = f"/api/admin/users/{linked.user['id']}"
    assert client.patch(path, json={"limits": {"send_per_minute": 1}}, headers=admin).get_json()["limits"] == {
        "send_per_minute": 1
    }
    assert [linked.send().status_code for _ in range(3)] == [202, 429, 429]
    assert client.patch(path, json={"limits": None}, headers=admin).get_json()["limits"] is None
    assert linked.send().status_code == 202


def test_an_administrator_can_not_disable_or_delete_himself(client: FlaskClient, known: Services, admin: dict[str, str]) -> None:
    me = client.get("/api/auth/me", headers=admin).get_json()["user"]["id"]
    known.accounts.create_admin(email(), PASSWORD)
    path = f"/api/admin/users/{me}"
    assert client.patch(path, json={"disabled": True}, headers=admin).get_json()["code"] == "not_yourself"
    assert client.delete(path, headers=admin).get_json()["code"] == "not_yourself"
    assert client.get("/api/auth/me", headers=admin).status_code == 200


def test_the_last_administrator_stays(client: FlaskClient, known: Services, admin: dict[str, str]) -> None:
    me = client.get("/api/auth/me", headers=admin).get_json()["user"]["id"]
    answer = client.patch(f"/api/admin/users/{me}", json={"role": "user"}, headers=admin)
    assert (answer.status_code, answer.get_json()["code"]) == (409, "last_admin")
    assert known.audit.about(me, 1)[0]["detail"] == "refused: last_admin", "written down before, and that it came to nothing"
    other = known.accounts.create_admin(email(), PASSWORD)
    assert client.delete(f"/api/admin/users/{other.id}", headers=admin).status_code == 204
    for body in ({"disabled": False}, {"role": "admin"}):
        refused = client.patch(f"/api/admin/users/{other.id}", json=body, headers=admin)
        assert (refused.status_code, refused.get_json()["code"]) == (409, "erasing"), "whoever is being erased stays so"
    assert client.patch(f"/api/admin/users/{me}", json={"role": "user"}, headers=admin).status_code == 409


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """The application behind a real server, a thread a request."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_of_two_last_ones_who_demote_each_other_at_once_one_stays(known: Services, address: str, admin: dict[str, str]) -> None:
    [first] = known.store.users.administrators()
    second = known.accounts.create_admin(email(), PASSWORD)
    tokens = {one.id: known.identity.token_for(one, known.identity.open_login(one, "api")) for one in (first, second)}
    for _ in range(8):
        together, answers = threading.Barrier(2), dict[str, int]()

        def demote(by: str, whom: str, together: threading.Barrier = together, answers: dict[str, int] = answers) -> None:
            together.wait()
            url = f"{address}/api/admin/users/{whom}"
            answers[by] = requests.patch(url, json={"role": "user"}, headers=bearer(tokens[by]), timeout=20).status_code

        threads = [threading.Thread(target=demote, args=pair) for pair in ((first.id, second.id), (second.id, first.id))]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        assert sorted(answers.values()) in ([200, 403], [200, 409]), answers
        assert len(known.store.users.administrators()) == 1
        for user in (first, second):
            known.user_administration.administrators.change(user.id, {"role": "admin"})


def test_deleting_asks_for_the_address_and_erases(known: Services, client: FlaskClient, boss: Browser) -> None:
    user = register(client)["user"]
    page = f"/admin/users/{user['id']}"
    refused = boss.submit(page, f"{page}/delete", confirm="somebody@else.example")
    assert refused.status_code == 422 and f"Type {user['email']}" in refused.get_data(as_text=True)
    assert known.store.users.get(user["id"])
    assert boss.submit(page, f"{page}/delete", confirm=f" {user['email'].upper()} ").status_code == 302
    assert "is locked out" in boss.open("/admin/users").get_data(as_text=True)
    shown = boss.open(page).get_data(as_text=True)
    assert "Being erased" in shown and user["email"] not in shown
    found = known.store.users.get(user["id"])
    assert found and found.erasing_at and actions(known, user["id"])[0] == "user.delete"


def test_the_page_of_a_user_does_what_it_says(known: Services, client: FlaskClient, boss: Browser, linked: Linked) -> None:
    page = f"/admin/users/{linked.user['id']}"
    shown = boss.open(page).get_data(as_text=True)
    assert linked.user["email"] in shown and "+1 202-555-0999" in shown and "their logins at WhatsApp are kept" in shown
    assert boss.submit(page, f"{page}/limits", send_per_minute="7", send_per_day="").status_code == 302
    wrong = boss.submit(page, f"{page}/limits", send_per_minute="many")
    assert wrong.status_code == 422 and 'value="many"' in wrong.get_data(as_text=True)
    assert boss.submit(page, f"{page}/role", role="admin").status_code == 302
    assert boss.submit(page, f"{page}/role", role="user").status_code == 302
    assert boss.submit(page, f"{page}/end-logins").status_code == 302
    assert client.get("/api/auth/me", headers=bearer(linked.token)).status_code == 401
    assert boss.submit(page, f"{page}/send-link").status_code == 302
    assert known.store.mails.waiting(10) == 1
    done = ["user.send_link", "user.end_logins", "user.role", "user.role", "user.limits"]
    assert actions(known, linked.user["id"]) == done
    listed = boss.open(page).get_data(as_text=True)
    assert "send_per_minute 7" in listed and "user → admin" in listed
    assert boss.open("/admin/users/000000000000000000000000").status_code == 404


def test_inviting_leads_to_the_new_user(known: Services, boss: Browser) -> None:
    address = email()
    answer = boss.submit("/admin/users", email=address, role="admin")
    assert answer.status_code == 302
    shown = boss.open(answer.headers["Location"]).get_data(as_text=True)
    assert address in shown and "Invited" in shown and "The invitation was not accepted yet" in shown
    again = boss.submit("/admin/users", email=address, name="Typed before")
    assert again.status_code == 409 and "Typed before" in again.get_data(as_text=True)
