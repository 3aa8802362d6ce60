"""Pacing on the live network and scheduled messages, on the real store."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.pages import Browser
from tests.support.web import Linked, bearer
from wabot.blueprints._context import services
from wabot.lib.clock import now, to_rfc3339
from wabot.services import Services, aftercare
from wabot.services.pacing import NEW_CONTACT_FACTOR
from wabot.services.waits import Waits
from wabot.store.ids import new_id
from wabot.store.records import Message, Session


@pytest.fixture
def house(app: Flask) -> Services:
    with app.app_context():
        return services()


def a_session(network: str, session_id: str = "s1") -> Session:
    return Session(id=session_id, user_id="u", name="default", engine="webjs", network=network, created_at=now())


def set_pace(house: Services, **values: Any) -> None:
    current = house.preferences.current().model_dump()
    house.preferences.replace({**current, "pacing": {**current["pacing"], **values}})


def test_the_sandbox_is_never_paced(house: Services) -> None:
    session = a_session("sandbox")
    assert not house.pacing.applies_to(session)
    assert house.pacing.wait(session) is None


def test_a_message_makes_the_next_one_wait(house: Services) -> None:
    set_pace(house, min_gap_ms=5000, jitter_ms=1000)
    session = a_session("live")
    assert house.pacing.wait(session) is None
    house.pacing.note(session, "+12025550123", new_id())
    first = house.pacing.wait(session)
    assert first and first.code == "pacing" and first.until
    gap = (first.until - now()).total_seconds()
    assert NEW_CONTACT_FACTOR * 5 - 1 < gap <= NEW_CONTACT_FACTOR * 5 + 1
    house.pacing.note(session, "+12025550123", new_id())
    second = house.pacing.wait(session)
    assert second and second.until and (second.until - now()).total_seconds() <= 6


def test_the_daily_cap_lasts_until_tomorrow(house: Services) -> None:
    set_pace(house, min_gap_ms=0, jitter_ms=0, per_day=2)
    session = a_session("live", "capped")
    for _ in range(2):
        assert house.pacing.wait(session) is None
        house.pacing.note(session, "+12025550123", new_id())
    capped = house.pacing.wait(session)
    assert capped and capped.code == "daily_cap" and capped.until
    assert timedelta(0) < capped.until - now() <= timedelta(days=1)


def test_switched_off_nothing_waits(house: Services) -> None:
    session = a_session("live", "free")
    house.pacing.note(session, "+12025550123", new_id())
    set_pace(house, enabled=False)
    assert house.pacing.wait(session) is None


def test_how_long_a_message_far_back_waits(house: Services) -> None:
    set_pace(house, min_gap_ms=2000, jitter_ms=0)
    waits = house.pacing.about(a_session("live", "busy"), ahead=30)
    assert waits and waits.until
    assert timedelta(seconds=55) < waits.until - now() < timedelta(seconds=65)


def let_it_be_due(house: Services) -> None:
    house.store.messages._messages.update_one({"due": {"$gt": ""}}, {"$set": {"due": to_rfc3339(now())}})


def test_a_scheduled_message_waits_for_its_time(house: Services, linked: Linked) -> None:
    later = to_rfc3339(now() + timedelta(hours=1))
    message = linked.send(send_at=later).get_json()
    assert message["status"] == "scheduled"
    assert house.schedule.promote() == 0
    let_it_be_due(house)
    house.store.lanes.erase(house.messages.one(linked.user["id"], message["id"]).session_id)
    assert house.schedule.promote() == 1
    assert len(house.store.lanes.waiting()) == 1, "its lane is woken"
    found = linked.client.get(f"/api/messages/{message['id']}", headers=bearer(linked.token)).get_json()
    assert [one["status"] for one in found["timeline"]] == ["scheduled", "queued"]
    assert house.schedule.promote() == 0


def test_killed_between_the_two_steps_a_scheduled_message_is_still_promoted(house: Services, linked: Linked) -> None:
    message = linked.send(send_at=to_rfc3339(now() + timedelta(hours=1))).get_json()
    stored = house.store.messages.get(message["id"])
    assert stored and house.progress.move(stored, "queued")
    let_it_be_due(house)
    house.schedule.promote()
    assert house.store.outbox.queue(stored.session_id) == [message["id"]]


def hand_over(house: Services, message_id: str) -> None:
    """As another worker does, from whatever state it waits in."""
    message = house.store.messages.get(message_id)
    assert message and house.progress.move(message, "queued")
    house.progress.start_sending([message], 1, Waits())


def test_a_worker_that_wakes_late_takes_no_message_back_to_the_queue(
    house: Services, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    message_id = linked.send(send_at=to_rfc3339(now() + timedelta(hours=1))).get_json()["id"]
    let_it_be_due(house)
    read = house.store.outbox.due

    def slept_after_reading(at: datetime) -> Any:
        found = read(at)
        hand_over(house, message_id)
        return found

    monkeypatch.setattr(house.store.outbox, "due", slept_after_reading)
    house.schedule.promote()
    assert house.messages.one(linked.user["id"], message_id).status == "sending"


@pytest.mark.parametrize("again", [True, False])
def test_deciding_twice_at_once_takes_nothing_back_that_is_on_its_way(
    house: Services, linked: Linked, monkeypatch: pytest.MonkeyPatch, again: bool
) -> None:
    message_id = linked.send().get_json()["id"]
    message = house.store.messages.get(message_id)
    assert message
    house.progress.start_sending([message], 1, Waits())
    house.progress.move(message, "unknown")

    def decided_just_after(_self: Any, _message: Any) -> bool:
        hand_over(house, message_id)
        return True

    monkeypatch.setattr(type(house.messages), "undecided", decided_just_after)
    assert house.messages.decide(linked.user["id"], message_id, again=again).status == "sending"


def test_killed_before_its_lane_was_marked_a_message_wakes_it_later(
    house: Services, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = house.store.messages.get(linked.send().get_json()["id"])
    assert message
    house.store.lanes.erase(message.session_id)
    house.acceptance._marked.clear()  # it is another process that looks after it
    house.aftercare.look_after(message.user_id)
    assert house.store.lanes.get(message.session_id) is None  # its writer may still be at it
    monkeypatch.setattr(aftercare, "FORGOTTEN_AFTER", timedelta(seconds=-2))
    house.aftercare.look_after(message.user_id)
    lane = house.store.lanes.get(message.session_id)
    assert lane and lane.user_id == message.user_id


def test_a_scheduled_message_can_be_cancelled(house: Services, linked: Linked) -> None:
    message = linked.send(send_at=to_rfc3339(now() + timedelta(hours=1))).get_json()
    answer = linked.client.post(f"/api/messages/{message['id']}/cancel", headers=bearer(linked.token))
    assert (answer.status_code, answer.get_json()["status"]) == (200, "cancelled")
    assert house.store.outbox.waiting_of(linked.user["id"], 10) == 0
    assert house.store.outbox.due(now() + timedelta(hours=2)) == []


@pytest.mark.parametrize("send_at", ["tomorrow", "2030-01-01T00:00:00", "2199-01-01T00:00:00Z", 5])
def test_bad_times_are_refused(linked: Linked, send_at: Any) -> None:
    answer = linked.send(send_at=send_at)
    assert answer.status_code == 422
    assert answer.get_json()["errors"][0]["field"] == "send_at"


def test_a_message_says_why_it_waits(house: Services, linked: Linked) -> None:
    message = house.store.messages.get(linked.send().get_json()["id"])
    assert message
    waits = house.messages.waits_for(message)
    assert waits and waits.code == "session_not_connected"


@pytest.mark.parametrize(("again", "status"), [("yes", "queued"), ("no", "failed")])
def test_what_cannot_be_settled_is_for_its_sender_to_decide(
    app: Flask, house: Services, linked: Linked, again: str, status: str
) -> None:
    message = house.store.messages.get(linked.send().get_json()["id"])
    assert message
    house.progress.start_sending([message], 1, Waits())
    house.progress.move(message, "unknown")
    person = Browser(app)
    person.login(linked.user["email"], "correct horse")
    page = f"/messages/{message.id}"
    assert "/decide" not in person.open(page).get_data(as_text=True)  # being looked up
    person.submit(page.replace(message.id, "new"), f"{page}/decide", again=again)
    assert house.messages.one(message.user_id, message.id).status == "unknown"
    house.store.messages._messages.update_one({"status": "unknown"}, {"$set": {"updated_at": now() - timedelta(minutes=3)}})
    house.store.lanes.erase(message.session_id)
    house.acceptance._marked.clear()
    assert person.submit(page, f"{page}/decide", again=again).status_code == 302
    assert house.messages.one(message.user_id, message.id).status == status
    assert house.store.outbox.waiting_of(message.user_id, 5) == (1 if again == "yes" else 0)
    assert len(house.store.lanes.waiting()) == (1 if again == "yes" else 0), "its lane is woken"


def test_a_message_that_nobody_is_there_to_hand_over_says_so(house: Services, linked: Linked) -> None:
    message = house.store.messages.get(linked.send().get_json()["id"])
    assert message
    house.store.sessions.change(message.session_id, 1, {"status": "connected"})
    waits = house.messages.waits_for(message)
    assert waits and waits.code == "worker_away"
    house.store.sessions.change(message.session_id, 1, {"observed_at": now() - timedelta(minutes=1)})
    waits = house.messages.waits_for(message)
    assert waits and waits.code == "worker_away", "it is the worker that hears of sessions"
    house.store.sessions.change(message.session_id, 1, {"observed_at": now()})
    house.store.workers.seen("worker-1", now())
    waits = house.messages.waits_for(message)
    assert waits and waits.code == "next", "there is none before it"
    behind = house.store.messages.get(linked.send().get_json()["id"])
    assert behind and (waits := house.messages.waits_for(behind)) and waits.code == "queue"
    house.progress.start_sending([message], 1, Waits())
    assert (waits := house.messages.waits_for(behind)) and waits.code == "next", (
        "one that only waits for its tick is in nobody's way"
    )


@pytest.mark.parametrize("patience", [timedelta(hours=24), timedelta(seconds=-2)])
def test_messages_of_a_logged_out_session_fail_after_a_day(
    house: Services, linked: Linked, patience: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aftercare, "LOGGED_OUT_PATIENCE", patience)
    message = house.store.messages.get(linked.send().get_json()["id"])
    assert message
    house.aftercare.give_up()
    house.store.sessions.change(message.session_id, 1, {"desired": "off", "linked": False, "since": now()})
    assert linked.client.get(f"/api/messages/{message.id}", headers=bearer(linked.token)).get_json()["status"] == "queued"
    house.aftercare.give_up()
    found = linked.client.get(f"/api/messages/{message.id}", headers=bearer(linked.token)).get_json()
    if patience > timedelta(0):
        assert found["status"] == "queued"
    else:
        assert (found["status"], found["error"]["code"]) == ("failed", "session_logged_out")


@pytest.mark.parametrize(
    "ended",
    [{"desired": "off", "linked": False}, {"desired": "logout", "switch_to": "baileys", "since": now() - timedelta(hours=9)}],
)
def test_the_day_begins_with_the_log_out_and_a_change_of_engine_is_none(
    house: Services, linked: Linked, ended: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    message = house.store.messages.get(linked.send().get_json()["id"])
    assert message
    house.store.sessions.change(message.session_id, 1, {"since": now() + timedelta(hours=2), **ended})
    monkeypatch.setattr(aftercare, "now", lambda: now() + timedelta(hours=25))
    house.aftercare.give_up()
    assert house.messages.one(message.user_id, message.id).status == "queued"


@pytest.mark.parametrize(("handed_over", "code"), [(False, "session_logged_out"), (True, "outcome_unknown")])
def test_messages_of_a_deleted_session_fail_soon(house: Services, linked: Linked, handed_over: bool, code: str) -> None:
    message = house.store.messages.get(linked.send().get_json()["id"])
    assert message
    if handed_over:
        house.progress.start_sending([message], 1, Waits())
    house.store.sessions.remove(message.user_id, message.session_id)
    house.aftercare.give_up()
    failed = linked.client.get(f"/api/messages/{message.id}", headers=bearer(linked.token)).get_json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", code)
    assert house.store.lanes.get(message.session_id) is None


def test_what_another_worker_has_handed_over_since_is_not_given_up(
    house: Services, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This one slept between reading what waits and giving it up; its session was linked again meanwhile."""
    message = house.store.messages.get(linked.send().get_json()["id"])
    assert message
    house.store.sessions.change(message.session_id, 1, {"desired": "off", "linked": False, "since": now()})
    read = house.store.outbox.queued_before

    def sleeps(*asked: Any) -> list[Message]:
        found = read(*asked)
        house.progress.start_sending([message], 1, Waits())
        return found

    monkeypatch.setattr(aftercare, "LOGGED_OUT_PATIENCE", timedelta(seconds=-2))
    monkeypatch.setattr(house.store.outbox, "queued_before", sleeps)
    house.aftercare.give_up()
    assert house.messages.one(message.user_id, message.id).status == "sending"
