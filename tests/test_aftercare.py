"""What is looked after, and given up, and when: neither what is still being done, nor more than can be done at once."""

from __future__ import annotations

import itertools
import time
from datetime import timedelta

import pytest
from bson import ObjectId

from tests.support.lane import Lane
from wabot.lib.clock import now
from wabot.services import aftercare
from wabot.services.waits import Waits
from wabot.store import ids, messages, outbox
from wabot.store.records import Message

LONG_AGO = timedelta(hours=30)


def asleep(lane: Lane) -> None:
    lane.house.store.lanes.erase(lane.session_id)
    lane.house.acceptance._marked.clear()


def awake(lane: Lane) -> bool:
    return bool(lane.house.store.lanes.waiting())


def test_what_was_handed_over_is_asked_about_when_no_ack_came_for_a_while(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    message = lane.message(lane.send("a")[0])
    lane.house.progress.start_sending([message], 1, Waits())
    asleep(lane)
    looked = []
    for later in (timedelta(seconds=5), aftercare.UNACKNOWLEDGED_AFTER + timedelta(seconds=5)):
        moment = now() + later
        monkeypatch.setattr(aftercare, "now", lambda moment=moment: moment)
        lane.house.aftercare.look_after(lane.user_id)
        looked.append(awake(lane))
    assert looked == [False, True]


def forgotten(lane: Lane, *texts: str) -> list[str]:
    """Accepted by a web that was killed before it had marked the lane."""
    accepted = lane.send(*texts)
    asleep(lane)
    return accepted


def test_what_is_forgotten_is_found_however_much_was_accepted_in_that_second(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "SOME", 3)
    monkeypatch.setattr(aftercare, "SOME", 3)
    monkeypatch.setattr(ids, "_rising", itertools.count(time.time_ns() * 2**24 // 10**9 // 2**24 * 2**24).__next__)
    forgotten(lane, *"abcdefg")
    found: list[Message] = []
    monkeypatch.setattr(lane.house.acceptance, "ring", found.extend)
    monkeypatch.setattr(aftercare, "now", lambda: now() + timedelta(minutes=1))
    for _ in range(4):
        lane.house.aftercare.look_after(lane.user_id)
    assert {one.message for one in found} == set("abcdefg")


def end(lane: Lane, ago: timedelta) -> None:
    at = now() - ago
    session = {"desired": "off", "linked": False, "status": "disconnected", "since": at, "observed_at": at}
    lane.house.store.sessions.change(lane.session_id, 1, session)


@pytest.mark.parametrize(("looked", "ended"), [(None, 180), (1, 0.3), (60, 40)], ids=["begins", "runs", "stood still"])
def test_what_is_forgotten_as_its_session_ends_fails_after_a_day(
    lane: Lane, looked: float | None, ended: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody ever links it again, and nobody else's lane wakes it. `looked`, `ended`: how many minutes ago the worker has, and it has."""
    if looked:
        earlier = now() - timedelta(minutes=looked)
        with monkeypatch.context() as patch:
            patch.setattr(aftercare, "now", lambda: earlier)
            lane.house.aftercare.look_after_ended()
    [message_id] = forgotten(lane, "a")
    end(lane, timedelta(minutes=ended))
    lane.house.aftercare.look_after_ended()
    assert awake(lane)
    moment = now() + LONG_AGO
    monkeypatch.setattr(aftercare, "now", lambda: moment)
    lane.house.aftercare.give_up()
    failed = lane.message(message_id)
    assert (failed.status, failed.error and failed.error["code"]) == ("failed", "session_logged_out")


def test_the_lane_of_a_session_that_ended_with_nothing_waiting_is_left_asleep(lane: Lane) -> None:
    lane.see()
    end(lane, timedelta(seconds=20))
    lane.house.aftercare.look_after_ended()
    assert not awake(lane)


def test_only_of_users_with_sessions_is_remembered_how_far_was_looked(lane: Lane) -> None:
    lane.house.aftercare.look_after_all({lane.user_id, "another"})
    lane.house.aftercare.look_after_all({lane.user_id})
    assert set(lane.house.aftercare._looked_until) == {lane.user_id}


def test_the_day_of_a_scheduled_message_begins_with_its_time(lane: Lane) -> None:
    early, late = lane.send("a", "b")
    written = {"created_at": now() - LONG_AGO}
    log = lane.house.store._db["messages"]
    for message_id, more in ((early, {}), (late, {"send_at": now() - timedelta(hours=1)})):
        document = log.find_one({"_id": ObjectId(message_id)})
        assert document
        log.delete_one({"_id": document["_id"]})
        old = ObjectId.from_datetime(written["created_at"]).binary[:4] + document["_id"].binary[4:]
        log.insert_one({**document, **written, **more, "_id": ObjectId(old)})
    end(lane, LONG_AGO)
    lane.house.aftercare.give_up()
    states = {one["message"]: one["status"] for one in log.find({"session_id": lane.session_id})}
    assert states == {"a": "failed", "b": "queued"}


def test_the_lane_of_a_deleted_session_is_there_until_all_of_it_has_failed(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_SOME", 1)
    both = lane.send("a", "b")
    lane.house.store.sessions.remove(lane.user_id, lane.session_id)
    lane.house.aftercare.give_up()
    assert sorted(lane.message(one).status for one in both) == ["failed", "queued"]
    assert awake(lane)
    lane.house.aftercare.give_up()
    assert [lane.message(one).status for one in both] == ["failed", "failed"]
    assert not awake(lane)
