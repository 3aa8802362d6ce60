"""What is refused says which field, what is wrong with it and what would be right, in words for people."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask

from tests.support.contract import contract
from tests.support.web import PHONE, Linked, bearer
from wabot.config import DEFAULT_ADMIN_EMAIL, DEFAULT_ADMIN_PASSWORD


def errors(answer: Any) -> dict[str, str]:
    return {one["field"]: one["detail"] for one in answer.get_json().get("errors", [])}


def get(linked: Linked, path: str) -> Any:
    return linked.client.get(path, headers=bearer(linked.token))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("to", 12025550123, "must be text, in quotes"),
        ("message", None, "must be text, in quotes"),
        ("wait", "5", "must be a number"),
        ("wait", 31, "must be at most 30"),
        ("wait", -1, "must be at least 0"),
        ("session", "", "is empty"),
        ("session", "s" * 101, "is longer than 100 characters"),
        ("session", "\ud800", "is not valid Unicode"),
    ],
)
def test_a_wrong_field_of_a_body(linked: Linked, field: str, value: Any, words: str) -> None:
    assert errors(linked.send(**{"to": PHONE, field: value})) == {field: words}


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("chatId", ": it is called 'to' here"),
        ("Phone", ": it is called 'to' here"),
        ("text", ": it is called 'message' here"),
        ("session_id", ": it is called 'session' here"),
        ("idempotency_key", ": it is the header Idempotency-Key"),
        ("mediaUrl", ": wabot sends texts only"),
        ("linkPreview", ""),
        ("x" * 1000, ""),
    ],
)
def test_a_field_under_the_name_of_another_gateway_is_told_ours(linked: Linked, field: str, words: str) -> None:
    assert errors(linked.send(**{field: "x"})) == {field: f"is not a known field{words}"}


def test_not_every_one_of_very_many_wrong_fields_is_named(linked: Linked) -> None:
    """The answer was four times as long as the largest body."""
    answer = linked.send(**{f"field{number}": "x" for number in range(1000)})
    assert len(errors(answer)) == 50


def test_only_a_field_that_is_taken_there_is_named(linked: Linked) -> None:
    def answer(path: str, **body: str) -> dict[str, str]:
        return errors(linked.client.post(path, json=body, headers=bearer(linked.token)))

    assert answer("/api/whatsapp/initialize", name="shop") == {"name": "is not a known field: it is called 'session' here"}
    assert answer("/api/whatsapp/initialize", number=PHONE) == {"number": "is not a known field: it is called 'phone' here"}
    assert answer("/api/webhooks", hmac="x")["hmac"] == "is not a known field: it is called 'secret' here"
    assert answer("/api/whatsapp/disconnect", text="x", media="x") == dict.fromkeys(("text", "media"), "is not a known field")
    assert errors(get(linked, "/api/messages?chatId=1")) == {"chatId": "is not a known field: it is called 'to' here"}


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("cursor=", "is not the next_cursor of a page"),
        ("cursor=2", "is not the next_cursor of a page"),
        ("limit=1e2", "must be a whole number"),
        ("limit=0", "must be at least 1"),
        (
            "status=done",
            "must be 'scheduled', 'queued', 'sending', 'sent', 'delivered', 'read', 'failed', 'cancelled' or 'unknown'",
        ),
        ("limit=201", "must be at most 200"),
        ("since=yesterday", "is not a time with its zone, such as 2030-01-31T12:00:00Z"),
        ("since=2026-01-31T12:00:00+02:00", "has a blank for the + of its zone: write %2B in an address, or the time in Z"),
    ],
)
def test_a_wrong_parameter_of_a_list(linked: Linked, query: str, words: str) -> None:
    assert errors(get(linked, f"/api/messages?{query}")) == {query.partition("=")[0]: words}


@pytest.mark.parametrize("time", ["2026-01-31T12:00:00%2B02:00", "2026-01-31t12:00:00z"])
def test_a_whole_time_is_taken_from_an_address(linked: Linked, time: str) -> None:
    assert get(linked, f"/api/messages?since={time}").status_code == 200


@pytest.mark.parametrize("scopes", [None, "send", 1, {}])
def test_scopes_that_are_no_list(linked: Linked, scopes: Any) -> None:
    answer = linked.client.post("/api/keys", json={"name": "x", "scopes": scopes}, headers=bearer(linked.token))
    assert errors(answer) == {"scopes": "must be a list"}


def test_a_wrong_switch(linked: Linked) -> None:
    assert errors(get(linked, "/api/chats?unread=maybe")) == {"unread": "must be true or false"}
    made = {"url": "https://shop.example.com", "events": "message.sent", "headers": [], "enabled": 1}
    answer = linked.client.post("/api/webhooks", json=made, headers=bearer(linked.token))
    assert errors(answer) == {"events": "must be a list", "headers": "must be an object", "enabled": "must be true or false"}
    made = {"url": "https://shop.example.com", "events": []}
    answer = linked.client.post("/api/webhooks", json=made, headers=bearer(linked.token))
    assert errors(answer) == {"events": "must have at least 1"}


@pytest.mark.parametrize("path", ["/api//messages/send", "/api/messages//send"])
def test_a_slash_too_many_is_no_redirect_that_a_script_takes_for_a_success(linked: Linked, path: str) -> None:
    body = {"to": PHONE, "message": "hello"}
    answer = linked.client.post(path, json=body, headers=bearer(linked.token))
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    assert answer.get_json()["detail"] == "There is no such call: its address has two slashes in a row."


@pytest.mark.parametrize("path", ["/messages/send", "/message/sendText/default", "/client/sendMessage/default"])
def test_a_call_outside_of_api_is_told_where_calls_are(linked: Linked, path: str) -> None:
    """It was answered with a page, which said that somebody had logged out."""
    answer = linked.client.post(path, json={"to": PHONE, "message": "hello"}, headers=bearer(linked.token))
    assert (answer.status_code, answer.content_type) == (405 if path == "/messages/send" else 404, "application/problem+json")
    assert answer.get_json()["detail"].startswith("There is no such call: the addresses of all calls begin with /api/.")
    assert linked.client.post(path, data={"to": PHONE}).status_code == answer.status_code


def test_who_sends_with_a_get_is_told_to_post(linked: Linked) -> None:
    answer = get(linked, f"/api/messages/send?to={PHONE}&message=x")
    assert (answer.status_code, "To send one, use POST" in answer.get_json()["detail"]) == (404, True)


def test_pages_are_found_with_a_slash_too_many(app: Flask) -> None:
    answer = app.test_client().get("/docs//errors")
    assert (answer.status_code, answer.headers["Location"]) == (308, "http://localhost/docs/errors")


@pytest.mark.parametrize(
    ("method", "path", "words"),
    [
        ("GET", "/api/auth/login", "This address takes POST, not GET."),
        ("PUT", "/api/send", "This address takes GET or POST, not PUT."),
        ("PUT", f"/api/webhooks/{'0' * 24}", "This address takes DELETE, GET or PATCH, not PUT."),
    ],
)
def test_a_wrong_method_names_the_right_ones(linked: Linked, method: str, path: str, words: str) -> None:
    answer = linked.client.open(path, method=method, headers=bearer(linked.token))
    assert (answer.status_code, answer.get_json()["detail"]) == (405, words)


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/api/whatsapp/disconnect"), ("POST", "/api/messages/send"), ("POST", "/api/keys")]
)
def test_what_belongs_into_the_body_is_not_overlooked_in_the_address(linked: Linked, method: str, path: str) -> None:
    """As `status` takes it: this would have logged the session `default` out."""
    body = {"to": PHONE, "message": "hello"} if "send" in path else {"name": "x"} if "keys" in path else {}
    answer = linked.client.open(f"{path}?session=shop", method=method, json=body, headers=bearer(linked.token))
    assert (answer.status_code, errors(answer)) == (422, {"session": "must stand in the body, as JSON"})
    assert get(linked, "/api/whatsapp/status").get_json()["status"] == "reconnecting"
    assert get(linked, "/api/messages").get_json()["items"] == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        (method.upper(), path)
        for path, calls in contract().document["paths"].items()
        for method, call in calls.items()
        if method != "get" and "requestBody" not in call
    ],
)
def test_a_call_that_takes_no_body_refuses_what_stands_in_one(linked: Linked, method: str, path: str) -> None:
    """Or who gives `reset-password` a password, and `rotate-secret` a secret, would take it for the new one."""
    login = {"email": DEFAULT_ADMIN_EMAIL, "password": DEFAULT_ADMIN_PASSWORD}
    headers = bearer(linked.client.post("/api/auth/login", json=login).get_json()["token"])
    address = re.sub("{.+?}", "0" * 24, path)
    answer = linked.client.open(address, method=method, json={"password": "x"}, headers=headers)
    assert (answer.status_code, errors(answer)) == (422, {"password": "is not a known field"})
    empty = linked.client.open(address, method=method, json={}, headers=headers)
    assert empty.status_code == (204 if "logout" in path and "auth" in path else 404)
