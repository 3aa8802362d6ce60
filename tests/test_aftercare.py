"""What is looked after, and given up, and when: neither what is still being done, nor more than can be done at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from bson import ObjectId

from tests.support.lane import Lane
from wabot.lib.clock import now
from wabot.services import aftercare
from wabot.services.waits import Waits
from wabot.store import outbox

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


def test_the_day_of_a_scheduled_message_begins_with_its_time(lane: Lane) -> None:
    early, late = lane.send("a", "b")
    written = {"created_at": now() - LONG_AGO}
    messages = lane.house.store._db["messages"]
    for message_id, more in ((early, {}), (late, {"send_at": now() - timedelta(hours=1)})):
        document = messages.find_one({"_id": ObjectId(message_id)})
        assert document
        messages.delete_one({"_id": document["_id"]})
        old = ObjectId.from_datetime(written["created_at"]).binary[:4] + document["_id"].binary[4:]
        messages.insert_one({**document, **written, **more, "_id": ObjectId(old)})
    session = {"desired": "off", "linked": False, "status": "disconnected", "since": now() - LONG_AGO}
    lane.house.store.sessions.change(lane.session_id, 1, session)
    lane.house.aftercare.give_up()
    states = {one["message"]: one["status"] for one in messages.find({"session_id": lane.session_id})}
    assert states == {"a": "failed", "b": "queued"}


def test_the_lane_of_a_deleted_session_is_there_until_all_of_it_has_failed(lane: Lane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "_SOME", 1)
    ids = lane.send("a", "b")
    lane.house.store.sessions.remove(lane.user_id, lane.session_id)
    lane.house.aftercare.give_up()
    assert sorted(lane.message(one).status for one in ids) == ["failed", "queued"]
    assert awake(lane)
    lane.house.aftercare.give_up()
    assert [lane.message(one).status for one in ids] == ["failed", "failed"]
    assert not awake(lane)
