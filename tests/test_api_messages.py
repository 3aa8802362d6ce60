"""/api/messages and /api/send up to the moment a message is accepted; what follows needs the whole house (test_main_job)."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.web import PHONE, Linked, bearer, register
from wabot.services.progress import Progress
from wabot.store.records import Message


def test_accepted_means_stored(linked: Linked) -> None:
    answer = linked.send(to="+1 202-555-0123", message="héllo 👋 שלום")
    assert answer.status_code == 202
    message = answer.get_json()
    assert (message["status"], message["to"], message["message"]) == ("queued", PHONE, "héllo 👋 שלום")
    assert (message["direction"], message["wa_message_id"], message["error"]) == ("out", None, None)
    found = linked.client.get(f"/api/messages/{message['id']}", headers=bearer(linked.token)).get_json()
    assert [one["status"] for one in found["timeline"]] == ["queued"]
    assert {name: found[name] for name in message} == message


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"to": "12"}, "invalid_number"),
        ({"to": "not a number"}, "invalid_number"),
        ({"to": ""}, "invalid_number"),
        ({"to": "1" * 1000}, "invalid_number"),
        ({"to": 12025550123}, "invalid_request"),
        ({"to": None}, "invalid_request"),
        ({"message": ""}, "invalid_request"),
        ({"message": "   "}, "invalid_request"),
        ({"message": 5}, "invalid_request"),
        ({"message": "x" * 65_537}, "message_too_long"),
        ({"message": "😀" * 32_769}, "message_too_long"),
        ({"wait": 31}, "invalid_request"),
        ({"wait": -1}, "invalid_request"),
        ({"unknown": True}, "invalid_request"),
        ({"send_at": "0001-01-01T00:00:00+14:00"}, "invalid_request"),
        ({"send_at": "2030-01-31T12:00:00Z\u0000"}, "invalid_request"),
        ({"wait": "5"}, "invalid_request"),
        ({"wait": True}, "invalid_request"),
        ({"send_at": "9999-12-31T23:59:59-12:00"}, "invalid_request"),
    ],
)
def test_bad_input_is_refused_by_field(linked: Linked, body: dict[str, Any], code: str) -> None:
    answer = linked.send(**body)
    assert (answer.status_code, answer.get_json()["code"]) == (422, code)
    assert next(iter(body)) in [one["field"] for one in answer.get_json()["errors"]]


def test_a_megabyte_is_refused_not_choked_on(linked: Linked) -> None:
    assert linked.send(message="x" * 1_048_576).status_code in (413, 422)
    assert linked.send(message="x" * 3_000_000).status_code == 413


def test_a_packed_body_is_told_from_broken_json(linked: Linked) -> None:
    packed = gzip.compress(b'{"to": "+12025550123", "message": "hello"}')
    headers = {**bearer(linked.token), "Content-Encoding": "gzip"}
    answer = linked.client.post("/api/messages/send", data=packed, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (400, "not_json")
    assert "Content-Encoding" in answer.get_json()["detail"]


def test_half_a_surrogate_is_no_text(linked: Linked) -> None:
    raw = f'{{"to": "{PHONE}", "message": "\\ud83d"}}'
    answer = linked.client.post("/api/messages/send", data=raw, content_type="application/json", headers=bearer(linked.token))
    assert answer.status_code == 422


def test_an_unknown_session_is_404(linked: Linked) -> None:
    assert linked.send(session="nope").status_code == 404


def test_never_linked_is_409(client: FlaskClient) -> None:
    token = register(client)["token"]
    answer = client.post("/api/messages/send", json={"to": PHONE, "message": "x"}, headers=bearer(token))
    assert (answer.status_code, answer.get_json()["code"]) == (409, "session_not_connected")


def test_who_linked_only_a_session_of_another_name_is_told_to_name_it(app: Flask, linked: Linked) -> None:
    sessions = app.extensions["wabot"].store.sessions
    sessions.change(sessions.named(linked.user["id"], "default").id, 1, {"name": "shop"})
    answer = linked.send()
    assert (answer.status_code, answer.get_json()["code"]) == (409, "session_not_connected")
    assert answer.get_json()["detail"].endswith("link it first, or name one that is linked ('shop').")
    assert linked.send(session="shop").status_code == 202


def test_the_same_key_is_the_same_message(linked: Linked) -> None:
    first = linked.send(headers={"Idempotency-Key": "order-1"})
    second = linked.send(headers={"Idempotency-Key": "order-1"})
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.get_json()["id"] == second.get_json()["id"]
    other = linked.send(message="other", headers={"Idempotency-Key": "order-1"})
    assert (other.status_code, other.get_json()["code"]) == (422, "idempotency_mismatch")


def test_a_key_without_content_is_refused(linked: Linked) -> None:
    answer = linked.send(headers={"Idempotency-Key": " "})
    assert (answer.status_code, answer.get_json()["detail"]) == (422, "idempotency_key: is empty")


def test_the_same_key_fifty_times_at_once_is_one_message(app: Flask, linked: Linked) -> None:
    def once(_: int) -> str:
        answer = app.test_client().post(
            "/api/messages/send",
            json={"to": PHONE, "message": "once"},
            headers={**bearer(linked.token), "Idempotency-Key": "once"},
        )
        assert answer.status_code in (200, 202)
        return str(answer.get_json()["id"])

    with ThreadPoolExecutor(16) as pool:
        ids = set(pool.map(once, range(50)))
    listed = linked.client.get("/api/messages", headers=bearer(linked.token)).get_json()["items"]
    assert len(ids) == len(listed) == 1


def test_a_scheduled_message_tells_its_time_and_what_never_went_has_no_id_at_whatsapp(linked: Linked) -> None:
    scheduled = linked.send(send_at="2027-01-31T12:00:00+01:00").get_json()
    assert scheduled["send_at"] == "2027-01-31T11:00:00.000Z"
    assert "send_at" not in linked.send().get_json()
    url = f"/api/messages/{scheduled['id']}"
    cancelled = linked.client.post(f"{url}/cancel", headers=bearer(linked.token)).get_json()
    assert (cancelled["status"], cancelled["wa_message_id"]) == ("cancelled", None)


def test_the_log_pages_newest_first_and_filters(linked: Linked) -> None:
    ids = [linked.send(message=f"number {n}").get_json()["id"] for n in range(7)]
    linked.send(to="+12025550124", message="elsewhere")
    seen, cursor = [], ""
    while True:
        query = f"/api/messages?to=%2B12025550123&limit=3&cursor={cursor}" if cursor else "/api/messages?to=12025550123&limit=3"
        page = linked.client.get(query, headers=bearer(linked.token)).get_json()
        seen += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == ids[::-1]
    found = linked.client.get("/api/messages?q=NUMBER%203", headers=bearer(linked.token)).get_json()["items"]
    assert [one["id"] for one in found] == [ids[3]]
    assert linked.client.get("/api/messages?status=sent", headers=bearer(linked.token)).get_json()["items"] == []


def test_since_and_until_are_exact_to_the_millisecond(linked: Linked) -> None:
    message = linked.send().get_json()
    moment = datetime.fromisoformat(message["created_at"])

    def found(**query: datetime) -> bool:
        asked = {name: one.isoformat() for name, one in query.items()}
        answer = linked.client.get("/api/messages", query_string=asked, headers=bearer(linked.token)).get_json()
        return [one["id"] for one in answer["items"]] == [message["id"]]

    just_after = moment + timedelta(milliseconds=1)
    assert (found(until=moment), found(until=just_after)) == (False, True)
    assert (found(since=moment), found(since=just_after)) == (True, False)
    assert found(until=datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=zz", "status=lost", "since=yesterday", "nope=1"])
def test_bad_queries_are_422(linked: Linked, query: str) -> None:
    assert linked.client.get(f"/api/messages?{query}", headers=bearer(linked.token)).status_code == 422


def test_another_user_sees_nothing(linked: Linked) -> None:
    message_id = linked.send().get_json()["id"]
    bob = bearer(register(linked.client)["token"])
    assert linked.client.get(f"/api/messages/{message_id}", headers=bob).status_code == 404
    assert linked.client.post(f"/api/messages/{message_id}/cancel", headers=bob).status_code == 404
    assert linked.client.get("/api/messages", headers=bob).get_json() == {"items": [], "next_cursor": None}


def test_cancel_while_it_waits(linked: Linked) -> None:
    message_id = linked.send().get_json()["id"]
    cancelled = linked.client.post(f"/api/messages/{message_id}/cancel", headers=bearer(linked.token))
    assert (cancelled.status_code, cancelled.get_json()["status"]) == (200, "cancelled")
    again = linked.client.post(f"/api/messages/{message_id}/cancel", headers=bearer(linked.token))
    assert again.status_code == 200


def test_cancelling_what_somebody_else_cancels_at_the_same_moment(linked: Linked, monkeypatch: pytest.MonkeyPatch) -> None:
    move = Progress.move

    def overtaken(progress: Progress, message: Message, status: str) -> bool:
        assert move(progress, message, status)
        return move(progress, message, status)

    monkeypatch.setattr(Progress, "move", overtaken)
    message_id = linked.send().get_json()["id"]
    cancelled = linked.client.post(f"/api/messages/{message_id}/cancel", headers=bearer(linked.token))
    assert (cancelled.status_code, cancelled.get_json()["status"]) == (200, "cancelled")
    assert [one["status"] for one in cancelled.get_json()["timeline"]] == ["queued", "cancelled"]


def key_of(linked: Linked) -> str:
    made = linked.client.post("/api/keys", json={"name": "script"}, headers=bearer(linked.token))
    return str(made.get_json()["key"])


@pytest.mark.parametrize(
    "query",
    ["to=%2B12025550123&message=hi", "to=+12025550123&message=hi", "phone=12025550123&text=hi", "number=0012025550123&text=hi"],
)
def test_quick_send_and_its_aliases(linked: Linked, query: str) -> None:
    answer = linked.client.get(f"/api/send?api_key={key_of(linked)}&wait=0&{query}")
    body = answer.get_json()
    assert (answer.status_code, body["success"], body["status"], body["to"]) == (202, True, "queued", PHONE)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("as_json", [True, False])
def test_quick_send_takes_forms_and_json_by_post(linked: Linked, as_json: bool) -> None:
    values = {"to": PHONE, "message": "hi", "wait": 0}
    body: dict[str, Any] = {"json": values} if as_json else {"data": values}
    answer = linked.client.post("/api/send", headers={"X-API-Key": key_of(linked)}, **body)
    assert answer.status_code == 202


@pytest.mark.parametrize("number", ["", "%20", "1" * 1000])
def test_quick_send_refuses_what_is_no_number_as_one(linked: Linked, number: str) -> None:
    answer = linked.client.get(f"/api/send?to={number}&message=hello", headers=bearer(linked.token))
    assert (answer.status_code, answer.get_json()["code"], answer.get_json()["success"]) == (422, "invalid_number", False)


def test_quick_send_failures_say_so(linked: Linked) -> None:
    key = key_of(linked)
    assert linked.client.head(f"/api/send?api_key={key}&to=12025550123&message=x").status_code == 405
    for method in ("OPTIONS", "HEAD", "DELETE"):
        allowed = linked.client.open("/api/send", method=method).headers["Allow"]
        assert set(allowed.split(", ")) == {"GET", "POST", "OPTIONS"}, method
    assert linked.client.get("/api/send?to=12025550123&message=x").status_code == 401
    for query in (
        "to=12&message=x",
        "message=x",
        "to=12025550123",
        "to=12025550123&message=x&session=nope",
        "to=1&phone=2&message=x",
    ):
        answer = linked.client.get(f"/api/send?api_key={key}&wait=0&{query}")
        assert 400 <= answer.status_code < 500
        assert answer.get_json()["success"] is False


@pytest.mark.parametrize("latin_1", ["Ol%E1+mundo", "Ol\xe1", "%E1", "ok%ED%A0%80"])
@pytest.mark.parametrize("way", ["GET", "POST"])
def test_quick_send_takes_nothing_but_utf8(linked: Linked, way: str, latin_1: str) -> None:
    text = f"wait=0&to=12025550123&text={latin_1}"
    if way == "GET":
        asked: dict[str, Any] = {"environ_overrides": {"QUERY_STRING": text}}
    else:
        asked = {"data": text.encode("latin-1"), "content_type": "application/x-www-form-urlencoded"}
    answer = linked.client.open("/api/send", method=way, headers={"X-API-Key": key_of(linked)}, **asked)
    body = answer.get_json()
    assert (answer.status_code, body["success"], body["code"]) == (400, False, "malformed_request")
    assert body["errors"] == [{"field": "text", "detail": "is not in UTF-8"}]
    assert linked.client.get("/api/messages", headers=bearer(linked.token)).get_json()["items"] == []


def test_quick_send_takes_a_multipart_form_in_utf8_only(linked: Linked) -> None:
    answers = {}
    for name, text in {"utf-8": "Olá �".encode(), "latin-1": "Olá".encode("latin-1")}.items():
        parts = [(b"to", PHONE.encode()), (b"wait", b"0"), (b"message", text)]
        heads = [b'--x\r\nContent-Disposition: form-data; name="' + part + b'"\r\n\r\n' + value for part, value in parts]
        asked = {"data": b"\r\n".join([*heads, b"--x--"]), "content_type": "multipart/form-data; boundary=x"}
        answers[name] = linked.client.post("/api/send", headers={"X-API-Key": key_of(linked)}, **asked)
    assert {name: answer.status_code for name, answer in answers.items()} == {"utf-8": 202, "latin-1": 400}
    assert answers["latin-1"].get_json()["errors"] == [{"field": "message", "detail": "is not in UTF-8"}]
    (sent,) = linked.client.get("/api/messages", headers=bearer(linked.token)).get_json()["items"]
    assert sent["message"] == "Olá �"


def test_quick_send_is_idempotent_by_parameter(linked: Linked) -> None:
    key = key_of(linked)
    url = f"/api/send?api_key={key}&wait=0&to=12025550123&message=x&idempotency_key=a"
    assert linked.client.get(url).get_json()["id"] == linked.client.get(url).get_json()["id"]


def test_a_key_in_the_address_opens_nothing_else(linked: Linked) -> None:
    assert linked.client.get(f"/api/messages?api_key={key_of(linked)}").status_code == 401
