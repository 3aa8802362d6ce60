"""When what a receiver refused is tried again: brought forward by a success, but not used up by it."""

from __future__ import annotations

import threading

import pytest
from pymongo.collection import Collection

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from tests.support.waiting import wait_until
from wabot.lib.clock import now, to_rfc3339
from wabot.services.hook_rounds import LEASE
from wabot.store import hook_deliveries
from wabot.store.hook_deliveries import HookDeliveries
from wabot.store.hook_records import Endpoint

hooked, receiver, settings = house.hooked, house.receiver, house.settings


def test_the_first_success_pulls_the_others_forward(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 503
    hooked.retry_after("0,3600,3600")
    for number in range(5):
        hooked.send(f"message {number}")
    hooked.work()
    assert len(receiver.requests) == 5
    receiver.answer = lambda _: 204
    hooked.call("POST", f"/{made['id']}/test", {}, status=202)
    hooked.work_until(lambda: len(receiver.taken()) == 6, "all are delivered")


def test_what_fails_by_itself_keeps_its_schedule_while_others_arrive(hooked: Hooked, receiver: Receiver) -> None:
    """The first success brings it forward once, which takes none of its attempts away."""
    made = hooked.endpoint(receiver.url, "message.queued")
    hooked.retry_after("0,3600,3600")
    receiver.answer = lambda one: 500 if one.json["data"]["message"] == "poison" else 204
    hooked.send("poison")
    hooked.work()
    for number in range(4):
        hooked.send(f"message {number}")
        hooked.work()
    assert len(receiver.taken()) == 4
    waits = hooked.deliveries(made)[-1]
    assert (waits["status"], [one["status_code"] for one in waits["attempts"]]) == ("pending", [500, 500])
    assert waits["next_attempt_at"]


def test_what_waits_is_tried_at_once_where_its_owner_has_put_things_right(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url + "/mistyped", "message.queued")
    hooked.retry_after("0,3600,3600,3600")
    receiver.answer = lambda one: 404 if "mistyped" in one.path else 204
    hooked.send("to another address")
    hooked.work()
    hooked.call("PATCH", f"/{made['id']}", {"url": f"{receiver.url}/mistyped/again"})
    hooked.work_until(lambda: len(receiver.requests) == 2, "it is tried at once")
    hooked.call("PATCH", f"/{made['id']}", {"url": receiver.url})
    hooked.work_until(lambda: len(receiver.taken()) == 1, "it is delivered to the right address")
    receiver.answer = lambda _: 410
    hooked.send("switched off with it")
    hooked.work()
    receiver.answer = lambda _: 204
    hooked.call("PATCH", f"/{made['id']}", {"enabled": True})
    hooked.work_until(lambda: len(receiver.taken()) == 2, "it is delivered once that is on again")
    assert [len(one["attempts"]) for one in hooked.deliveries(made)] == [2, 3]


def test_a_success_shortens_no_retry_after(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: (429, {"Retry-After": "7200"}) if not receiver.requests else 204
    hooked.send()
    hooked.work()
    hooked.call("POST", f"/{made['id']}/test", {}, status=202)
    hooked.work()
    assert [one.answered for one in receiver.requests] == [429, 204]
    assert hooked.deliveries(made)[-1]["status"] == "pending"


def test_who_is_killed_at_the_first_success_leaves_it_to_the_next(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    hooked.retry_after("0,3600")
    receiver.answer = lambda _: 503
    hooked.send()
    hooked.work()
    receiver.answer = lambda _: 204
    with monkeypatch.context() as killed:
        killed.setattr(HookDeliveries, "pull_forward", _killed)
        hooked.call("POST", f"/{made['id']}/test", {}, status=202)
        hooked.rounds.round()
        hooked.rounds.wait()
    hooked.call("POST", f"/{made['id']}/test", {}, status=202)
    hooked.work()
    assert [one.answered for one in receiver.requests] == [503, 204, 204, 204]


def test_who_is_killed_while_bringing_forward_leaves_the_rest_to_the_next_success(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook_deliveries, "_CHANGED_AT_ONCE", 1)
    made = hooked.endpoint(receiver.url, "message.queued")
    hooked.retry_after("0,3600")
    receiver.answer = lambda _: 503
    for number in range(3):
        hooked.send(f"message {number}")
    hooked.work()
    receiver.answer = lambda _: 204
    collection = hooked.services.store.hook_deliveries._deliveries
    with monkeypatch.context() as killed:
        killed.setattr(collection, "update_many", lambda *asked: [Collection.update_many(collection, *asked), _killed()])
        hooked.call("POST", f"/{made['id']}/test", {}, status=202)
        hooked.rounds.round()
        hooked.rounds.wait()
    hooked.call("POST", f"/{made['id']}/test", {}, status=202)
    hooked.work()
    texts = [
        one.json["data"]["message"] for one in receiver.taken() if one.json["data"].get("message", "").startswith("message ")
    ]
    assert sorted(texts) == ["message 0", "message 1", "message 2"]


def test_who_is_killed_with_a_full_lane_lets_nothing_get_ahead(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is room again when it is told once more, with what has happened since."""
    house.room_for(monkeypatch, 6)
    hooked.retry_after("0,3600")
    made = hooked.endpoint(receiver.url, "message.queued", "message.cancelled")
    receiver.answer = lambda one: 500 if one.json["data"]["message"].startswith("fails") else 204
    for number in range(5):
        hooked.send(f"fails {number}")
    hooked.work()
    first, _ = hooked.send("first"), hooked.send("second")
    deliveries = hooked.services.store.hook_deliveries
    with monkeypatch.context() as killed:
        killed.setattr(deliveries, "add_many", lambda many: [HookDeliveries.add_many(deliveries, many), _killed()])
        with pytest.raises(RuntimeError):
            hooked.services.telling.round()
    for one in hooked.deliveries(made, "?limit=4")[2:]:
        deliveries.attempted(one["id"], one["attempts"][0], {"status": "failed", "due": ""})
    hooked.services.messages.cancel(hooked.linked.user["id"], first)
    hooked.work()
    receiver.answer = lambda _: 204
    hooked.call("POST", f"/{made['id']}/test", {}, status=202)
    hooked.work()
    told = [one.json["type"] for one in receiver.taken() if one.json["data"]["id"] == first]
    assert told == ["message.queued", "message.cancelled"]


def test_what_is_refused_for_hours_keeps_no_other_kind_of_event_waiting(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However much more than a lane holds is refused; and nothing of one message gets ahead of what is refused."""
    house.room_for(monkeypatch, 6)
    hooked.retry_after("0,3600")
    hooked.endpoint(receiver.url, "message.queued", "message.cancelled")
    receiver.answer = lambda one: 500 if one.json["type"] == "message.queued" and "poison" in one.body.decode() else 204
    for number in range(15):
        refused = hooked.send(f"poison {number}")
        hooked.work()
    taken = hooked.send("hello")
    for one in (refused, taken):
        hooked.services.messages.cancel(hooked.linked.user["id"], one)
    hooked.work()
    told = [(one.json["data"]["id"], one.json["type"]) for one in receiver.taken()]
    assert told == [(taken, "message.queued"), (taken, "message.cancelled")]


def test_what_waits_for_room_is_shown_with_what_waits(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.room_for(monkeypatch, 3, held=3)
    hooked.retry_after("0,3600")
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 500 if len(receiver.requests) % 2 else 204
    for number in range(9):
        hooked.send(f"message {number}")
        hooked.work()
    shown = [one["id"] for one in hooked.deliveries(made) if one["status"] == "pending"]
    assert len(shown) > 3
    read, query = [], "?status=pending&limit=2"
    while query:
        page = hooked.call("GET", f"/{made['id']}/deliveries{query}")
        read += [one["id"] for one in page["items"]]
        query = f"?status=pending&limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert read == shown


def test_what_waits_for_room_goes_on_waiting_while_its_endpoint_is_off(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.room_for(monkeypatch, 3, held=3)
    hooked.retry_after("0,3600")
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 500
    for number in range(9):
        hooked.send(f"message {number}")
        hooked.work()
    hooked.call("PATCH", f"/{made['id']}", {"enabled": False})
    hooked.work()
    deliveries = hooked.services.store.hook_deliveries
    assert (deliveries.count_waiting(made["id"], 100), len(deliveries.page(made["id"], limit=100).items)) == (3, 9)
    receiver.answer = lambda _: 204
    deliveries.pull_forward(made["id"], to_rfc3339(now()))
    hooked.call("PATCH", f"/{made['id']}", {"enabled": True})
    hooked.work()
    assert len(receiver.taken()) == 9


def test_a_lane_that_waited_longer_for_a_thread_than_it_was_held_is_left_to_its_holder(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooked.endpoint(receiver.url, "message.queued")
    hooked.send()
    claimed: list[Endpoint] = []
    monkeypatch.setattr(hooked.rounds, "_start", claimed.append)  # no thread is free
    hooked.rounds.round()
    another = hooked.services.hook_rounds(lambda: None)
    monkeypatch.setattr("wabot.services.hook_rounds.now", lambda: now() + LEASE)
    arrived: list[str] = []
    go_on = threading.Event()
    receiver.answer = lambda one: (arrived.append(one.id), go_on.wait(20), 204)[-1]
    another.round()
    wait_until(lambda: arrived, 10, "the other one delivers it")
    late = threading.Thread(target=hooked.rounds._run, args=claimed)
    late.start()
    wait_until(lambda: len(arrived) > 1 or not late.is_alive(), 10, "the first one has had its turn")
    go_on.set()
    late.join()
    another.wait()
    assert len(arrived) == 1


def _killed(*_: object) -> None:
    raise RuntimeError
