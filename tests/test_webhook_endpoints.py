"""What endpoints go through: failing receivers, being switched off, changed, rotated and deleted, sending again, being many."""

from __future__ import annotations

import json
import re
import threading
from datetime import timedelta
from typing import Any

import pytest

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until
from tests.support.web import bearer
from wabot.lib.clock import from_rfc3339, now, to_rfc3339
from wabot.store.endpoints import Endpoints

hooked, receiver, settings = house.hooked, house.receiver, house.settings


def test_retry_after_is_honoured(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: (429, {"Retry-After": "7200"})
    hooked.send()
    hooked.work()
    waits = hooked.deliveries(made)[0]["next_attempt_at"]
    assert waits > to_rfc3339(now() + timedelta(seconds=7000))


def test_attempts_are_spread_by_jitter(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 503
    hooked.retry_after("0,1000")
    for number in range(8):
        hooked.send(f"message {number}")
    hooked.work()
    shown = hooked.deliveries(made)
    waits = [from_rfc3339(one["next_attempt_at"]) - from_rfc3339(one["attempts"][0]["at"]) for one in shown]
    assert all(timedelta(seconds=895) < one < timedelta(seconds=1230) for one in waits)
    assert max(waits) - min(waits) > timedelta(seconds=5)


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
    assert "wabot switched it off" in hooked.page(f"/webhooks/{made['id']}")
    assert "was switched off" in hooked.page("/dashboard")
    hooked.call("PATCH", f"/{made['id']}", {"enabled": True})
    assert "was switched off" not in hooked.page("/dashboard")


def test_days_in_which_nothing_was_tried_are_no_days_of_failure(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 500
    week = {"failing_since": now() - timedelta(days=9), "failed_at": now() - timedelta(days=8)}
    hooked.services.store.endpoints.change(made["id"], week)
    hooked.send()
    hooked.work()
    assert hooked.call("GET", f"/{made['id']}")["enabled"]


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
    house.room_for(monkeypatch, 4, held=4)
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 500
    hooked.retry_after("0,3600")
    for number in range(12):
        hooked.send(f"message {number:02}")
        hooked.rounds.round()
        hooked.rounds.wait()
    assert len(receiver.requests) == 4
    receiver.answer = lambda _: 204
    hooked.call("POST", f"/{made['id']}/test", {}, status=202)
    hooked.work_until(lambda: len(receiver.taken()) >= 13, "all are delivered")
    texts = sorted(one.json["data"]["message"] for one in receiver.taken()[1:])
    assert texts == [f"message {number:02}" for number in range(12)]


def test_what_was_parked_in_the_moment_of_a_kill_follows(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed before the endpoint was told; when it is told again there is room."""
    made = hooked.endpoint(receiver.url, "message.queued")
    sent = hooked.send()
    hooked.services.store.endpoints.ring([made["id"]], "9999")
    monkeypatch.setattr("wabot.services.telling.WAITING_AT_MOST", 0)
    with monkeypatch.context() as killed:
        killed.setattr(Endpoints, "ring", _killed)
        with pytest.raises(RuntimeError):
            hooked.rounds.round()
    monkeypatch.setattr("wabot.services.telling.WAITING_AT_MOST", 1000)
    hooked.work()
    assert [one.json["data"]["id"] for one in receiver.requests] == [sent]


def _killed(*_: object) -> None:
    raise RuntimeError


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


def test_more_that_fail_than_are_looked_at_hide_none_that_works(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They stay due until one of the threads for them is free."""
    monkeypatch.setattr("wabot.store.endpoints._AT_ONCE", 5)
    hanging = Receiver(hold=threading.Event()).start()
    assert hanging.hold
    for number in range(9):
        made = hooked.endpoint(f"{hanging.url}/{number}", "message.queued")
        hooked.services.store.endpoints.change(made["id"], {"failing_since": now()})
    hooked.send()
    hooked.rounds.round()
    hooked.endpoint(receiver.url, "message.queued")
    hooked.send()
    while hooked.rounds.round():
        pass
    receiver.wait_for(1, timeout=5)
    hanging.hold.set()
    hooked.rounds.wait()
    hanging.stop()


def test_however_many_hang_others_have_their_turn_and_no_thread_is_left(hooked: Hooked, receiver: Receiver) -> None:
    """More endpoints than lanes that are slow: those that work don't wait for them."""
    hanging = Receiver(hold=threading.Event()).start()
    assert hanging.hold
    made = [hooked.endpoint(f"{hanging.url}/{number}", "message.queued") for number in range(9)]
    for one in made[:6]:
        hooked.services.store.endpoints.change(one["id"], {"failing_since": now()})
    hooked.endpoint(receiver.url, "message.queued")
    for number in range(10):
        hooked.send(f"message {number}")
    while hooked.rounds.round():
        pass
    receiver.wait_for(10, timeout=5)
    hanging.hold.set()
    hooked.work_until(lambda: len(hanging.requests) == 90, "the others follow")
    hanging.stop()
    wait_until(lambda: not _threads_of_rounds(), 10, "threads of a round end with it")


def _threads_of_rounds() -> list[str]:
    return [one.name for one in threading.enumerate() if re.fullmatch(r"hook-\d+", one.name)]


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


def test_a_url_that_came_to_lead_inside_is_not_called(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    hooked.services.store.endpoints.change(made["id"], {"url": f"http://localhost:{receiver.port}/"})
    hooked.send()
    hooked.work()
    assert receiver.requests == []
    assert "not sent" in hooked.deliveries(made)[0]["attempts"][0]["error"]


def test_events_are_heard_from_a_point_on_however_many_tests_lie_between(hooked: Hooked, receiver: Receiver) -> None:
    """As `listen` does, page by page."""
    made = hooked.endpoint(receiver.url, "message.queued")
    begun = to_rfc3339(now())
    wanted = [hooked.send("first")]
    for _ in range(3):
        hooked.call("POST", f"/{made['id']}/test", {}, status=202)
    wanted.append(hooked.send("second"))
    hooked.work()
    heard: list[str] = []
    query = {"since": begun, "limit": "2"}

    def all_heard() -> bool:
        client: Any = hooked.linked.client
        page = client.get("/api/events", query_string=query, headers=bearer(hooked.linked.token)).get_json()
        query.pop("since", None)
        query["cursor"] = page["next_cursor"]
        heard.extend(json.loads(one["payload"])["data"]["id"] for one in page["items"])
        return len(heard) >= 2

    wait_until(all_heard, 10, "both are heard")
    assert heard == wanted
