"""/api/webhooks as its users know it: shapes and codes, what is refused, and that one's endpoints are one's own."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from tests.support.web import bearer, register
from wabot.services.webhooks import PER_USER

hooked, receiver, settings = house.hooked, house.receiver, house.settings

MINE = {"url": "http://no.such.name.invalid/hook", "events": ["message.sent"]}


def test_an_endpoint_from_its_making_to_its_end(hooked: Hooked) -> None:
    made = hooked.call("POST", json=MINE, status=201)
    assert made["secret"].startswith("whsec_")
    assert (made["url"], made["events"], made["enabled"], made["status"]) == (MINE["url"], MINE["events"], True, "working")
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert hooked.call("GET", f"/{made['id']}") == shown
    assert hooked.call("GET") == {"items": [shown], "next_cursor": None}
    changed = hooked.call("PATCH", f"/{made['id']}", {"enabled": False, "headers": {"Authorization": "Bearer x"}})
    assert "secret" not in changed
    assert (changed["enabled"], changed["events"], changed["headers"]) == (False, MINE["events"], {"Authorization": "•••"})
    hooked.call("PATCH", f"/{made['id']}", {"headers": {"Authorization": "•••", "X-B": "c"}})
    known = hooked.services.webhooks.one(hooked.linked.user["id"], made["id"])
    assert known.headers == [["Authorization", "Bearer x"], ["X-B", "c"]]
    hooked.call("DELETE", f"/{made['id']}", status=204)
    hooked.call("GET", f"/{made['id']}", status=404)


def test_a_delivery_with_its_attempts(hooked: Hooked, receiver: Receiver) -> None:
    receiver.answer = lambda _: 500 if not receiver.requests else 204
    made = hooked.endpoint(receiver.url, "message.sent")
    ordered = hooked.call("POST", f"/{made['id']}/test", status=202)
    assert (ordered["event"], ordered["status"], ordered["attempts"]) == ("message.sent", "pending", [])
    hooked.work_until(receiver.taken, "it is delivered")
    [found] = hooked.deliveries(made)
    assert (found["id"], found["status"]) == (ordered["id"], "delivered")
    assert [one["status_code"] for one in found["attempts"]] == [500, 204]
    assert {*found["attempts"][0]} == {"at", "status_code", "duration_ms", "error", "response"}
    assert found["attempts"][1]["error"] is None
    again = hooked.call("POST", f"/{made['id']}/deliveries/{found['id']}/redeliver", status=202)
    assert (again["id"], again["status"]) == (found["id"], "pending")
    hooked.work()
    assert {one.id for one in receiver.requests} == {found["event_id"]}
    assert len(receiver.requests) == 3
    in_full = hooked.call("GET", f"/{made['id']}/deliveries/{found['id']}")
    assert in_full["request"]["body"].encode() == receiver.requests[0].body
    assert hooked.deliveries(made, "?status=failed") == []
    assert hooked.deliveries(made, "?since=2099-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        ({"url": "http://10.0.0.1/"}, "url_not_allowed", "url"),
        ({"url": "http://0x7f.1/"}, "url_not_allowed", "url"),
        ({"url": "https://user@example.com/"}, "url_not_allowed", "url"),
        ({"url": "ftp://example.com/"}, "url_not_allowed", "url"),
        ({"url": ""}, "invalid_request", "url"),
        ({"events": []}, "invalid_request", "events"),
        ({"events": ["message.eaten"]}, "invalid_request", "events"),
        ({"secret": ""}, "invalid_request", "secret"),
        ({"secret": 32 * "A"}, "invalid_request", "secret"),
        ({"secret": "whsec_!" + 32 * "A"}, "invalid_request", "secret"),
        ({"secret": "whsec_c2hvcnQ="}, "invalid_request", "secret"),
        ({"headers": {"Host": "elsewhere"}}, "invalid_request", "headers"),
        ({"headers": {"webhook-id": "mine"}}, "invalid_request", "headers"),
        ({"headers": {"Webhook-Id": "mine"}}, "invalid_request", "headers"),
        ({"headers": {"X-A": "b\r\nX-C: d"}}, "invalid_request", "headers"),
        ({"headers": {"X-A": "•••"}}, "invalid_request", "headers"),
        ({"colour": "red"}, "invalid_request", "colour"),
    ],
)
def test_what_is_refused_is_named(hooked: Hooked, asked: dict[str, Any], code: str, field: str) -> None:
    """At creation and at every change, which then leaves all as it was."""
    made = hooked.call("POST", json=MINE, status=201)
    for answer in (
        hooked.call("POST", json={**MINE, **asked}, status=422),
        hooked.call("PATCH", f"/{made['id']}", asked, status=422),
    ):
        assert (answer["code"], answer["errors"][0]["field"]) == (code, field)
        assert "secret" not in answer
    assert hooked.call("GET", f"/{made['id']}")["updated_at"] == made["updated_at"]


def test_a_receiver_here_is_told_how_to_receive_here(hooked: Hooked) -> None:
    for url in ("http://app.localhost/hooks", "http://10.0.0.1/"):
        assert "/docs/receive" in hooked.call("POST", json={**MINE, "url": url}, status=422)["detail"]


def test_a_test_of_no_event_names_those_there_are(hooked: Hooked) -> None:
    made = hooked.call("POST", json=MINE, status=201)
    answer = hooked.call("POST", f"/{made['id']}/test", {"event": "message.eaten"}, status=422)
    assert answer["detail"].startswith("event: 'message.eaten' is not a known event: choose from session.qr, ")


def test_a_user_has_so_many_at_most_and_deleted_ones_do_not_count(hooked: Hooked) -> None:
    numeric = {**MINE, "url": "http://93.184.215.14/hook"}  # so many names would take long to look up
    for _ in range(6 * PER_USER):
        hooked.call("DELETE", f"/{hooked.call('POST', json=numeric, status=201)['id']}", status=204)
    made = [hooked.call("POST", json=numeric, status=201)["id"] for _ in range(PER_USER)]
    assert hooked.call("POST", json=numeric, status=409)["code"] == "too_many_webhooks"
    assert [one["id"] for one in hooked.call("GET")["items"]] == made


def test_somebody_elses_is_not_there(app: Flask, hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.sent")
    delivery = hooked.call("POST", f"/{made['id']}/test", status=202)
    other = app.test_client()
    headers = bearer(register(other)["token"])
    here = f"/api/webhooks/{made['id']}"
    calls: list[tuple[str, str, Any]] = [
        ("GET", here, None), ("PATCH", here, {}), ("DELETE", here, None), ("POST", f"{here}/test", {}),
        ("POST", f"{here}/rotate-secret", {}), ("POST", f"{here}/redeliver", {"since": "2026-01-01T00:00:00Z"}),
        ("GET", f"{here}/deliveries", None), ("GET", f"{here}/deliveries/{delivery['id']}", None),
        ("POST", f"{here}/deliveries/{delivery['id']}/redeliver", {}),
    ]  # fmt: skip
    answers = {f"{method} {path}": other.open(path, method=method, json=body, headers=headers) for method, path, body in calls}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 404} == {}
    assert other.get("/api/webhooks", headers=headers).get_json()["items"] == []
