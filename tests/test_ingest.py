"""Events of the gateway: applied once, in any order, whatever is repeated."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.web import Linked
from wabot.blueprints._context import services
from wabot.lib.clock import now, to_rfc3339
from wabot.services.acks import Acked, Acks
from wabot.store.messages import MessageFilter


class Gateway:
    """Posts events as the gateway does."""

    def __init__(self, app: Flask, client: FlaskClient, user_id: str) -> None:
        self.client = client
        self.app = app
        with app.app_context():
            self.secret = services().settings.secret("internal_secret")
            session = services().store.sessions.named(user_id, "default")
        assert session
        self.session = session

    def post(self, *events: dict[str, Any], **headers: str) -> Any:
        auth = {"Authorization": f"Bearer {self.secret}", **headers}
        return self.client.post("/internal/events", json={"events": list(events)}, headers=auth)

    def event(self, event_type: str, **data: Any) -> dict[str, Any]:
        return {
            "id": f"test-{uuid.uuid4().hex}",
            "seq": 1,
            "type": event_type,
            "session_id": self.session.id,
            "epoch": 1,
            "data": data,
        }

    def ack(self, message_id: str, ack: str) -> dict[str, Any]:
        with self.app.app_context():
            message = services().store.messages.get(message_id)
        assert message
        return self.event("message.ack", wa_message_id=message.wa_message_id, ack=ack, at=to_rfc3339(now()))


@pytest.fixture
def gateway(app: Flask, linked: Linked) -> Gateway:
    return Gateway(app, linked.client, linked.user["id"])


def timeline(linked: Linked, message_id: str) -> list[str]:
    answer = linked.client.get(f"/api/messages/{message_id}", headers={"Authorization": f"Bearer {linked.token}"})
    return [one["status"] for one in answer.get_json()["timeline"]]


@pytest.mark.parametrize(
    ("acks", "expected"),
    [
        (["sent", "delivered", "read"], ["queued", "sent", "delivered", "read"]),
        (["read", "delivered", "sent"], ["queued", "read"]),
        (["delivered", "sent", "delivered", "read", "read"], ["queued", "delivered", "read"]),
        (["pending", "sent"], ["queued", "sent"]),
    ],
)
def test_ticks_move_forwards_only(linked: Linked, gateway: Gateway, acks: list[str], expected: list[str]) -> None:
    message_id = linked.send().get_json()["id"]
    for ack in acks:
        assert gateway.post(gateway.ack(message_id, ack)).status_code == 200
    assert timeline(linked, message_id) == expected


def test_no_tick_is_before_what_came_before_it(linked: Linked, gateway: Gateway) -> None:
    """WhatsApp's times are whole seconds."""
    message_id = linked.send().get_json()["id"]
    earlier, later = to_rfc3339(now() - timedelta(seconds=1)), to_rfc3339(now() + timedelta(seconds=1))
    told = [("sent", earlier), ("delivered", later), ("read", earlier)]
    acks = [(gateway.ack(message_id, ack), at) for ack, at in told]
    assert gateway.post(*({**event, "data": {**event["data"], "at": at}} for event, at in acks)).status_code == 200
    message = linked.client.get(f"/api/messages/{message_id}", headers={"Authorization": f"Bearer {linked.token}"}).get_json()
    times = [one["at"] for one in message["timeline"]]
    assert times == [message["created_at"], message["created_at"], later, later]
    assert message["updated_at"] == later


def test_a_repeated_batch_changes_nothing(linked: Linked, gateway: Gateway) -> None:
    message_id = linked.send().get_json()["id"]
    batch = [gateway.ack(message_id, "sent"), gateway.ack(message_id, "delivered")]
    assert gateway.post(*batch).get_json() == {"stored": 2}
    assert gateway.post(*batch).get_json() == {"stored": 0}
    assert timeline(linked, message_id) == ["queued", "sent", "delivered"]


@pytest.mark.parametrize("named", [True, False])
def test_ticks_of_many_messages_at_once(linked: Linked, gateway: Gateway, named: bool) -> None:
    """Some make the same way as others, some another one; each has it once, whether or not the gateway names it."""
    ids = [linked.send().get_json()["id"] for _ in range(12)]
    ways = [("sent", "delivered"), ("sent",), ("failed",), ("read", "sent")]
    told = [(ids[number], ack) for number in range(12) for ack in ways[number % 4]]
    events = [
        {**(event := gateway.ack(one, ack)), "data": {**event["data"], "message_id": one if named else None}} for one, ack in told
    ]
    for _ in range(2):
        assert gateway.post(*events).status_code == 200
    expected = [["queued", *way] for way in (*ways[:3], ("read",))]
    assert [timeline(linked, one) for one in ids] == expected * 3


def test_a_batch_that_is_sent_again_while_it_is_applied_is_applied_once(
    app: Flask, linked: Linked, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a gateway that has lost its patience with a slow web."""
    event = gateway.ack(linked.send().get_json()["id"], "sent")
    entered, go_on, apply, applied = threading.Event(), threading.Event(), Acks.apply, []

    def slow(acks: Acks, acked: Sequence[Acked]) -> None:
        applied.append(len(acked))
        entered.set()
        go_on.wait(10)
        apply(acks, acked)

    monkeypatch.setattr(Acks, "apply", slow)
    with app.app_context(), ThreadPoolExecutor(2) as pool:
        ingest = services().ingest
        first = pool.submit(ingest.apply, [event])
        assert entered.wait(10)
        second = pool.submit(ingest.apply, [event])
        go_on.set()
        assert (first.result(10), second.result(10)) == (1, 0)
    assert applied == [1, 0]


def test_a_tick_that_names_another_message_is_that_of_its_whatsapp_id(linked: Linked, gateway: Gateway) -> None:
    right, wrong = (linked.send().get_json()["id"] for _ in range(2))
    event = gateway.ack(right, "sent")
    gateway.post({**event, "data": {**event["data"], "message_id": wrong}})
    assert [timeline(linked, one) for one in (right, wrong)] == [["queued", "sent"], ["queued"]]


def test_events_are_counted_within_each_life_of_a_gateway(linked: Linked, gateway: Gateway) -> None:
    def event(life: str, seq: int, message_id: str) -> dict[str, Any]:
        return {**gateway.ack(message_id, "sent"), "id": f"{life}-{seq}", "seq": seq}

    ids = [linked.send().get_json()["id"] for _ in range(3)]
    first, second = event("a", 7, ids[0]), event("a", 8, ids[1])
    assert gateway.post(first, second).get_json() == {"stored": 2}
    assert gateway.post(second, event("b", 1, ids[2])).get_json() == {"stored": 1}
    assert gateway.post(first).get_json() == {"stored": 0}
    assert [timeline(linked, one) for one in ids] == [["queued", "sent"]] * 3


def test_an_incoming_message_is_stored_once(app: Flask, linked: Linked, gateway: Gateway) -> None:
    person = {"phone": "+12025550777", "lid": "123@lid"}
    data = {
        "wa_message_id": "3A" + uuid.uuid4().hex[:18], "chat": person, "from": person, "push_name": "Bo",
        "body": "hi <b>", "kind": "text", "at": to_rfc3339(now()), "recovered": False,
    }  # fmt: skip
    gateway.post(gateway.event("message.received", **data))
    gateway.post(gateway.event("message.received", **data))
    with app.app_context():
        page = services().store.messages.page(linked.user["id"], MessageFilter(direction="in"), limit=10)
    assert [(one.from_, one.message, one.status) for one in page.items] == [("+12025550777", "hi <b>", "received")]


def snapshot(gateway: Gateway, **fields: Any) -> dict[str, Any]:
    at = to_rfc3339(now() + timedelta(seconds=1))
    values = {
        "id": gateway.session.id,
        "epoch": 1,
        "status": "connected",
        "reason": None,
        "linked": True,
        "since": at,
        "observed_at": at,
    }
    return {**values, "phone": "+12025550999", "push_name": "Al", **fields}


def test_status_follows_what_was_observed_last(linked: Linked, gateway: Gateway) -> None:
    def status() -> str:
        answer = linked.client.get("/api/whatsapp/status", headers={"Authorization": f"Bearer {linked.token}"})
        return str(answer.get_json()["status"])

    early = to_rfc3339(now() - timedelta(minutes=1))
    gateway.post(gateway.event("session.status", **snapshot(gateway)))
    assert status() == "connected"
    gateway.post(gateway.event("session.status", **snapshot(gateway, status="failed", observed_at=early)))
    gateway.post(gateway.event("session.status", **snapshot(gateway, status="failed", epoch=0)))
    assert status() == "connected"


def test_what_cannot_be_read_does_not_stop_what_follows(linked: Linked, gateway: Gateway) -> None:
    message_id = linked.send().get_json()["id"]
    broken = [gateway.event("message.ack"), gateway.event("session.status", id="x"), gateway.event("message.dreamt")]
    assert gateway.post(*broken, gateway.ack(message_id, "sent")).get_json() == {"stored": 4}
    assert timeline(linked, message_id) == ["queued", "sent"]


def test_internal_is_ours_alone(linked: Linked, gateway: Gateway) -> None:
    assert linked.client.post("/internal/events", json={"events": []}).status_code == 401
    assert gateway.post(Authorization="Bearer wrong").status_code == 401
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP"):
        assert gateway.post(**{header: "10.0.0.1"}).status_code == 404
    assert gateway.post().status_code == 200


@pytest.mark.parametrize(
    "broken", [{}, {"id": 5}, "text", None, {"id": "x", "type": "message.ack", "session_id": "s", "data": []}]
)
def test_an_entry_of_another_shape_does_not_block_the_journal(linked: Linked, gateway: Gateway, broken: Any) -> None:
    message_id = linked.send().get_json()["id"]
    answer = gateway.post(broken, gateway.ack(message_id, "sent"))
    assert answer.get_json() == {"stored": 1}
    assert timeline(linked, message_id) == ["queued", "sent"]


@pytest.mark.parametrize(
    "odd",
    [
        {"wa_message_id": "3EB0\ud83d"},
        {"wa_message_id": "3EB0", "message_id": "\ud83d"},
        {"wa_message_id": "\0"},
        {"wa_message_id": {"$gt": ""}},
        {"wa_message_id": "3EB0", "ack": {}},
        {"wa_message_id": "3EB0", "ack": "\ud83d"},
        {"wa_message_id": "3EB0", "at": 5},
        {"wa_message_id": "3EB0" * 100_000},
    ],
)
def test_a_tick_of_an_impossible_id_does_not_block_the_journal(linked: Linked, gateway: Gateway, odd: dict[str, Any]) -> None:
    message_id = linked.send().get_json()["id"]
    good = gateway.ack(message_id, "sent")
    bad = gateway.event("message.ack", **{"ack": "read", "at": to_rfc3339(now()), **odd})
    assert gateway.post(bad, {**good, "seq": 2}).status_code == 200
    assert timeline(linked, message_id) == ["queued", "sent"]


@pytest.mark.parametrize(
    "odd",
    [
        {"wa_message_id": "3A\ud83d"},
        {"quoted": {"wa_message_id": "3A\ud83d", "body": "x", "kind": "text", "from_me": None}},
        {"at": "2026-01-01T00:00:00"},
        {"ack": "\ud83d", "from_me": True, "from": None},
        {"media": {"mimetype": None, "filename": None, "size": 2**63}},
        {"media": {"mimetype": None, "filename": None, "size": -1}},
    ],
)
def test_a_message_of_odd_values_does_not_block_the_journal(linked: Linked, gateway: Gateway, odd: dict[str, Any]) -> None:
    bo = {"phone": "+12025550777", "lid": None}
    letter = {"chat": bo, "from": bo, "from_me": False, "body": "hi", "at": to_rfc3339(now()), "recovered": False}
    bad = gateway.event("message.received", **{"wa_message_id": "3A01", **letter, **odd})
    good = gateway.event("message.received", wa_message_id="3A02", **letter)
    assert gateway.post(bad, {**good, "seq": 2}).status_code == 200
    with gateway.app.app_context():
        assert services().store.messages.by_wa_id(gateway.session.id, "3A02")


def test_a_letter_that_quotes_an_impossible_id_or_has_a_file_of_no_size_is_kept(linked: Linked, gateway: Gateway) -> None:
    bo = {"phone": "+12025550777", "lid": None}
    quoted = {"wa_message_id": "3" * 63 + "\ud83d", "body": "x", "kind": "text", "from_me": None}
    odd = {"quoted": quoted, "media": {"mimetype": None, "filename": None, "size": -1}}
    letter = {"chat": bo, "from": bo, "from_me": False, "body": "hi", "at": to_rfc3339(now()), "recovered": False}
    assert gateway.post(gateway.event("message.received", wa_message_id="3A01", **letter, **odd)).status_code == 200
    with gateway.app.app_context():
        assert services().store.messages.by_wa_id(gateway.session.id, "3A01")
