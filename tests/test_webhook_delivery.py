"""From a change of a message to the receiver: signed, in order, once where nothing dies, and again where something does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from flask import Flask
from standardwebhooks.webhooks import Webhook

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Received, Receiver
from tests.support.told import Teller
from wabot.events import REGISTRY
from wabot.lib.clock import now, to_rfc3339
from wabot.services.acks import Acked
from wabot.services.hearing import Hearing
from wabot.store.records import Message

hooked, receiver, settings = house.hooked, house.receiver, house.settings


def message(hooked: Hooked, message_id: str) -> Message:
    found = hooked.services.store.messages.get(message_id)
    assert found
    return found


def acks(hooked: Hooked, message_id: str, *statuses: str) -> None:
    one = message(hooked, message_id)
    moments = [(status, now() + timedelta(milliseconds=index)) for index, status in enumerate(statuses)]
    hooked.services.ingest.acks.apply([Acked(one.session_id, one.wa_message_id or "", one.id, moments)])


def types(requests: list[Received]) -> list[str]:
    return [str(one.json["type"]) for one in requests]


def test_a_message_is_told_from_queued_to_read(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, headers={"X-Own": "yes"})
    message_id = hooked.send("Grüße 👋")
    acks(hooked, message_id, "sent", "delivered")
    hooked.work()
    acks(hooked, message_id, "read")
    hooked.work()
    assert types(receiver.requests) == ["message.queued", "message.sent", "message.delivered", "message.read"]
    for one in receiver.requests:
        Webhook(made["secret"]).verify(one.body, one.headers)
        jsonschema.validate(one.json, REGISTRY[one.json["type"]].schema(), format_checker=jsonschema.FormatChecker())
        assert one.json["data"]["id"] == message_id
        assert one.json["data"]["session"] == "default"
        assert one.json["data"]["status"] == one.json["type"].partition(".")[2]
        assert (one.headers["x-own"], one.headers["content-type"]) == ("yes", "application/json")
    assert len({one.id for one in receiver.requests}) == 4
    assert all(one["status"] == "delivered" for one in hooked.deliveries(made))


def test_only_chosen_events_and_sessions_are_sent(hooked: Hooked, receiver: Receiver) -> None:
    hooked.endpoint(receiver.url, "message.sent")
    hooked.endpoint(receiver.url, "*", sessions=["another"])
    acks(hooked, hooked.send(), "sent", "delivered")
    hooked.work()
    assert types(receiver.requests) == ["message.sent"]


def test_what_is_written_on_the_phone_is_told_too(app: Flask, hooked: Hooked, receiver: Receiver) -> None:
    hooked.endpoint(receiver.url)
    teller = Teller(app, hooked.linked.client, hooked.linked.user["id"])
    teller.tell("from the phone", from_me=True)
    teller.tell("look", kind="image", media={"mimetype": "image/png", "filename": None, "size": 9}, recovered=True)
    hooked.work()
    own, came = (one.json["data"] for one in sorted(receiver.requests, key=lambda one: one.json["type"], reverse=True))
    assert (own["status"], came["status"]) == ("sent", "received")
    assert (own["origin"], own["direction"], own["lid"]) == ("phone", "out", "4455667788@lid")
    assert (came["media"]["status"], came["recovered"], came["from"]) == ("pending", True, "+12025550777")
    for one in receiver.requests:
        jsonschema.validate(one.json, REGISTRY[one.json["type"]].schema(), format_checker=jsonschema.FormatChecker())


def test_from_the_first_endpoint_on_all_processes_tell(hooked: Hooked, receiver: Receiver) -> None:
    """One that looked a moment before doesn't go on thinking that nobody listens."""
    elsewhere = Hearing(hooked.services.store, lambda: None, hooked.services.telling)
    user_id = hooked.linked.user["id"]
    assert elsewhere.mark(user_id) == {}
    hooked.endpoint(receiver.url)
    assert elsewhere.mark(user_id)


def test_nothing_is_marked_for_those_nobody_listens_to(hooked: Hooked, receiver: Receiver) -> None:
    early = hooked.send()
    assert message(hooked, early).untold is None
    hooked.endpoint(receiver.url)
    acks(hooked, early, "sent")
    hooked.work()
    assert types(receiver.requests) == ["message.sent"]  # what was before the endpoint is not sent


def test_a_session_s_changes_are_told(hooked: Hooked, receiver: Receiver) -> None:
    hooked.endpoint(receiver.url)
    session = hooked.services.store.sessions.named(hooked.linked.user["id"], "default")
    assert session
    at = to_rfc3339(now() + timedelta(seconds=1))
    snapshot = {
        "id": session.id, "epoch": 1, "status": "connected", "reason": None, "linked": True, "since": at, "observed_at": at,
        "phone": "+12025550999", "push_name": "Al",
    }  # fmt: skip
    hooked.services.sessions.observe(snapshot)
    hooked.services.sessions.observe({**snapshot, "observed_at": to_rfc3339(now() + timedelta(seconds=2))})
    hooked.services.sessions.observe({**snapshot, "push_name": "Bo", "observed_at": to_rfc3339(now() + timedelta(seconds=9))})
    hooked.work()
    assert types(receiver.requests) == ["session.connected", "session.status"]
    for one in receiver.requests:
        jsonschema.validate(one.json, REGISTRY[one.json["type"]].schema(), format_checker=jsonschema.FormatChecker())


def test_two_observers_of_the_same_change_tell_it_once(hooked: Hooked, receiver: Receiver) -> None:
    hooked.endpoint(receiver.url)
    store, hearing = hooked.services.store, hooked.services.hearing
    session = store.sessions.named(hooked.linked.user["id"], "default")
    assert session
    after = replace(session, status="connected", since=now(), observed_at=now())
    for later in (0, 1):  # an event and a heartbeat, both read before either wrote
        changes = {"status": "connected", "since": after.since, "observed_at": now() + timedelta(seconds=later)}
        assert store.sessions.observe(session.id, 1, {**changes, **hearing.session_mark(session, after)})
        hooked.work()
    assert types(receiver.requests) == ["session.connected"]


@pytest.mark.parametrize("dies_before", ["event_log.add_many", "hook_deliveries.add_many", "endpoints.ring", "messages.told"])
def test_what_dies_while_telling_loses_and_doubles_nothing(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch, dies_before: str
) -> None:
    """As a kill would, an exception leaves everything behind that was written before."""
    hooked.endpoint(receiver.url)
    acks(hooked, hooked.send(), "sent")
    collection, method = dies_before.split(".")
    with monkeypatch.context() as patched:

        def die(*_: Any) -> None:
            raise InterruptedError

        patched.setattr(getattr(hooked.services.store, collection), method, die)
        with pytest.raises(InterruptedError):
            hooked.services.telling.round()
    hooked.work()
    assert types(receiver.requests) == ["message.queued", "message.sent"]


def test_killed_between_the_call_and_its_note_it_is_made_again_with_the_same_id(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    hooked.send()
    with monkeypatch.context() as patched:

        def die(*_: Any) -> None:
            raise InterruptedError

        patched.setattr(hooked.services.store.hook_deliveries, "attempted", die)
        hooked.rounds.round()
        hooked.rounds.wait()
    hooked.work()
    assert [one.id for one in receiver.requests] == [receiver.requests[0].id] * 2
    assert [one["status"] for one in hooked.deliveries(made)] == ["delivered"]


def test_a_change_while_others_are_told_is_not_forgotten(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked.endpoint(receiver.url)
    message_id = hooked.send()
    telling = hooked.services.store.event_log.add_many

    def meanwhile(events: list[Any]) -> None:
        telling(events)
        acks(hooked, message_id, "sent")

    with monkeypatch.context() as patched:
        patched.setattr(hooked.services.store.event_log, "add_many", meanwhile)
        hooked.services.telling.round()
    hooked.work()
    assert types(receiver.requests) == ["message.queued", "message.sent"]


def test_a_later_event_waits_for_the_earlier_one(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url)
    receiver.answer = lambda _: 500 if len(receiver.requests) < 3 else 200
    first = hooked.send("first")
    acks(hooked, first, "sent", "delivered")
    hooked.work_until(lambda: len(receiver.taken()) == 3, "all are delivered")
    assert types(receiver.requests) == ["message.queued"] * 4 + ["message.sent", "message.delivered"]
    queued = [one for one in receiver.requests if one.json["type"] == "message.queued"]
    assert len(queued) == 4
    assert len({one.id for one in queued}) == 1
    assert len({one.body for one in queued}) == 1
    attempts = hooked.deliveries(made, "?event=message.queued")[0]["attempts"]
    assert [one["status_code"] for one in attempts] == [500, 500, 500, 200]
    assert attempts[0]["error"] == "answered 500"


def test_what_was_missed_comes_before_what_happened_since(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is more than is made up for at once."""
    monkeypatch.setattr("wabot.services.hook_lanes._REPLAYED_AT_ONCE", 1)
    made = hooked.endpoint(receiver.url)
    hooked.call("DELETE", f"/{made['id']}", status=204)
    sent = [hooked.send(f"message {number}") for number in range(3)]
    hooked.work()
    hooked.services.webhooks.undo(hooked.linked.user["id"], made["id"])
    for one in sent:
        acks(hooked, one, "sent", "delivered")
    hooked.work()
    for one in sent:
        of_it = [request for request in receiver.requests if request.json["data"]["id"] == one]
        assert types(of_it) == ["message.queued", "message.sent", "message.delivered"]


def test_given_up_after_the_last_attempt_and_the_next_has_its_turn(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url)
    receiver.answer = lambda one: 500 if one.json["type"] == "message.queued" else 204
    hooked.retry_after("0,0.05")
    acks(hooked, hooked.send(), "sent")
    hooked.work_until(receiver.taken, "the second is delivered")
    assert types(receiver.requests) == ["message.queued", "message.queued", "message.sent"]
    assert {one["event"]: one["status"] for one in hooked.deliveries(made)} == {
        "message.queued": "failed", "message.sent": "delivered",
    }  # fmt: skip


@pytest.mark.parametrize("status", [101, 300, 304])
def test_only_a_2xx_is_a_delivery(hooked: Hooked, receiver: Receiver, status: int) -> None:
    hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: status if not receiver.requests else 204
    hooked.send()
    hooked.work_until(receiver.taken, "it is delivered")
    assert [one.answered for one in receiver.requests] == [status, 204]


def test_a_change_holds_for_the_very_next_attempt(hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also in the midst of a round with more before it, and whatever the earlier address says of itself."""
    monkeypatch.setattr("wabot.services.hook_lanes._LOOK_EVERY", 0)
    elsewhere = Receiver().start()
    made = hooked.endpoint(receiver.url, "*")

    def moved(_: Received) -> int:
        hooked.services.webhooks.change(hooked.linked.user["id"], made["id"], {"url": elsewhere.url})
        return 410

    receiver.answer = moved
    acks(hooked, hooked.send(), "sent")
    elsewhere.answer = lambda _: hooked.call("PATCH", f"/{made['id']}", {"enabled": False}) and 204
    hooked.work_until(lambda: elsewhere.requests, "it goes to the new address")
    hooked.work()
    elsewhere.stop()
    assert (types(receiver.requests), types(elsewhere.requests)) == (["message.queued"], ["message.queued"])
    assert hooked.call("GET", f"/{made['id']}")["disabled_reason"] == "owner"
