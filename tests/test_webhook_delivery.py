"""From a change of a message to the receiver: signed, in order, once where nothing dies, and again where something does."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest
from standardwebhooks.webhooks import Webhook

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Received, Receiver
from wabot.events import REGISTRY
from wabot.lib.clock import now, to_rfc3339
from wabot.services.acks import Acked
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
    hooked.work()
    assert set(types(receiver.requests)) == {"message.queued"}
    hooked.work_until(lambda: len(receiver.taken()) == 3, "all are delivered")
    assert types(receiver.taken()) == ["message.queued", "message.sent", "message.delivered"]
    queued = [one for one in receiver.requests if one.json["type"] == "message.queued"]
    assert len(queued) == 4
    assert len({one.id for one in queued}) == 1
    assert len({one.body for one in queued}) == 1
    attempts = hooked.deliveries(made, "?event=message.queued")[0]["attempts"]
    assert [one["status_code"] for one in attempts] == [500, 500, 500, 200]
    assert attempts[0]["error"] == "answered 500"


def test_given_up_after_the_last_attempt_and_the_next_has_its_turn(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url)
    receiver.answer = lambda one: 500 if one.json["type"] == "message.queued" else 204
    hooked.services.attempts.settings.__dict__["webhook_retries"] = "0,0.05"
    acks(hooked, hooked.send(), "sent")
    hooked.work_until(receiver.taken, "the second is delivered")
    assert types(receiver.requests) == ["message.queued", "message.queued", "message.sent"]
    assert {one["event"]: one["status"] for one in hooked.deliveries(made)} == {
        "message.queued": "failed", "message.sent": "delivered",
    }  # fmt: skip


def test_the_first_success_pulls_the_others_forward(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 503
    hooked.services.attempts.settings.__dict__["webhook_retries"] = "0,3600,3600"
    for number in range(5):
        hooked.send(f"message {number}")
    hooked.work()
    assert len(receiver.requests) == 5
    receiver.answer = lambda _: 204
    hooked.call("POST", f"/{made['id']}/test", {}, status=202)
    hooked.work_until(lambda: len(receiver.taken()) == 6, "all are delivered")


def test_retry_after_is_honoured(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: (429, {"Retry-After": "7200"})
    hooked.send()
    hooked.work()
    waits = hooked.deliveries(made)[0]["next_attempt_at"]
    assert waits > to_rfc3339(now() + timedelta(seconds=7000))


def test_gone_switches_off_and_mails_the_owner(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 410
    hooked.send()
    hooked.work()
    hooked.send("not sent any more")
    hooked.work()
    shown = hooked.call("GET", f"/{made['id']}")
    assert (shown["enabled"], shown["disabled_reason"], len(receiver.requests)) == (False, "gone", 1)
    hooked.services.mails.send_due()
    mails = [one.read_text() for one in (hooked.services.settings.data / "mail").glob("*.eml")]
    assert any("410 Gone" in one and made["id"] in one for one in mails)


def test_days_of_failure_switch_off(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 500
    hooked.services.store.endpoints.change(made["id"], {"failing_since": now() - timedelta(days=5, minutes=1)})
    hooked.send()
    hooked.work()
    shown = hooked.call("GET", f"/{made['id']}")
    assert (shown["enabled"], shown["disabled_reason"]) == (False, "failing")


def test_what_was_missed_while_off_is_sent_on_demand(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    begun = now() - timedelta(seconds=1)
    hooked.send("delivered")
    hooked.work()
    hooked.call("PATCH", f"/{made['id']}", {"enabled": False})
    hooked.send("missed")
    hooked.work()
    hooked.call("PATCH", f"/{made['id']}", {"enabled": True})
    hooked.work()
    assert [one.json["data"]["message"] for one in receiver.requests] == ["delivered"]
    hooked.call("POST", f"/{made['id']}/redeliver", {"since": to_rfc3339(begun)}, status=202)
    hooked.work()
    assert sorted(one.json["data"]["message"] for one in receiver.requests) == ["delivered", "delivered", "missed"]
    again = [one.id for one in receiver.requests if one.json["data"]["message"] == "delivered"]
    assert again[0] == again[1]


def test_more_than_a_lane_holds_is_parked_and_follows(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("telling", "hook_lanes"):
        monkeypatch.setattr(f"wabot.services.{module}.WAITING_AT_MOST", 4)
    hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 500
    hooked.services.attempts.settings.__dict__["webhook_retries"] = "0,0.2,0.2,0.2,0.2,0.2,0.2,0.2,0.2,0.2,0.2,0.2"
    for number in range(12):
        hooked.send(f"message {number:02}")
        hooked.rounds.round()
        hooked.rounds.wait()
    receiver.answer = lambda _: 204
    hooked.work_until(lambda: len(receiver.taken()) >= 12, "all are delivered")
    assert sorted(one.json["data"]["message"] for one in receiver.taken()) == [f"message {number:02}" for number in range(12)]


def test_a_dead_and_a_slow_endpoint_delay_no_other(hooked: Hooked, receiver: Receiver) -> None:
    hanging = Receiver(hold=threading.Event()).start()
    hooked.endpoint(hanging.url, "message.queued")
    hooked.endpoint("http://127.0.0.1:1/dead", "message.queued")
    hooked.endpoint(receiver.url, "message.queued")
    for number in range(20):
        hooked.send(f"message {number}")
    while hooked.rounds.round():
        pass
    receiver.wait_for(20, timeout=5)
    assert hanging.requests == []
    assert hanging.hold
    hanging.hold.set()
    hooked.rounds.wait()
    hanging.stop()


def test_a_killed_worker_s_lane_is_taken_over(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    store = hooked.services.store.endpoints
    live_elsewhere = {"owner": "another-machine:1:x", "lease_until": now() + timedelta(minutes=1)}
    store.change(made["id"], live_elsewhere)
    hooked.send()
    hooked.rounds.round()
    hooked.rounds.wait()
    assert receiver.requests == []
    store.change(made["id"], {"lease_until": now() - timedelta(seconds=1)})
    hooked.work()
    assert len(receiver.requests) == 1


def test_a_rotated_secret_and_the_one_before_both_verify(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    rotated = hooked.call("POST", f"/{made['id']}/rotate-secret", {})
    hooked.send()
    hooked.work()
    (one,) = receiver.requests
    assert made["secret"] != rotated["secret"]
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(one.body, one.headers)


def test_a_url_that_came_to_lead_inside_is_not_called(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    hooked.services.store.endpoints.change(made["id"], {"url": f"http://localhost:{receiver.port}/"})
    hooked.send()
    hooked.work()
    assert receiver.requests == []
    assert "not sent" in hooked.deliveries(made)[0]["attempts"][0]["error"]


def test_old_deliveries_and_deleted_endpoints_are_cleared_away(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    hooked.send()
    hooked.work()
    hooked.call("DELETE", f"/{made['id']}", status=204)
    hooked.call("GET", f"/{made['id']}", status=404)
    hooked.rounds.clear()
    store = hooked.services.store
    assert store.endpoints.get(made["id"]) is None
    assert store.hook_deliveries.page(made["id"], limit=5).items == []
    assert len(store.event_log.after(hooked.linked.user["id"], "", 10)) == 1
    assert store.event_log.remove_before(now() + timedelta(days=1)) == 1
