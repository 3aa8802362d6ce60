"""The store on the real database server: claims race, pages stay whole."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest
from bson import ObjectId
from flask import Flask
from pymongo.errors import BulkWriteError

from wabot.blueprints._context import services
from wabot.lib.clock import now
from wabot.store import Store, windows
from wabot.store.ids import new_id
from wabot.store.inserting import insert_new
from wabot.store.messages import MessageFilter
from wabot.store.records import Chat, LaneRecord, Message
from wabot.store.users import EmailTaken
from wabot.store.windows import Document


@pytest.fixture
def store(app: Flask) -> Store:
    with app.app_context():
        return services().store


def a_message(user_id: str, message_id: str | None = None, at: datetime | None = None) -> Message:
    message_id, moment = message_id or new_id(), at or now()
    return Message(
        message_id, user_id, f"session-of-{user_id}", "default", "out", "+12025550123", None, "x", "queued", moment, moment,
        wa_message_id="3EB0" + message_id, timeline=[{"status": "queued", "at": moment}],
    )  # fmt: skip


def test_a_lane_is_given_to_one_of_many(store: Store) -> None:
    store.lanes.mark({"race": "u"}, now())
    for epoch in range(20):
        seen = store.lanes.get("race")
        assert seen and seen.epoch == epoch

        def take(worker: int, seen: LaneRecord = seen) -> bool:
            return store.lanes.take(seen, f"w{worker}", now() + timedelta(minutes=1))

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(take, range(8))) == 1


def test_who_has_lost_a_lane_changes_nothing_of_it(store: Store) -> None:
    store.lanes.mark({"lost": "u"}, now())
    first = store.lanes.get("lost")
    assert first and store.lanes.take(first, "slept", now())
    second = store.lanes.get("lost")
    assert second and store.lanes.take(second, "other", now() + timedelta(minutes=1))
    later = now() + timedelta(hours=1)
    assert not store.lanes.renew("lost", "slept", 1, later)
    assert not store.lanes.rest("lost", "slept", 1, later, "engine_error", 3)
    assert not store.lanes.release("lost", "slept", 1)
    assert not store.lanes.sleep("lost", "slept", 1, later)
    held = store.lanes.get("lost")
    assert held and (held.owner, held.epoch, held.rest_until) == ("other", 2, None)


def test_a_lane_that_was_marked_lately_stays_awake(store: Store) -> None:
    marked_at = now()
    store.lanes.mark({"awake": "u"}, marked_at)
    seen = store.lanes.get("awake")
    assert seen and store.lanes.take(seen, "w", now() + timedelta(minutes=1))
    store.lanes.calm("awake", marked_at)
    assert not store.lanes.sleep("awake", "w", 1, marked_at)
    assert "awake" in {one.id for one in store.lanes.waiting()}
    assert store.lanes.sleep("awake", "w", 1, marked_at + timedelta(milliseconds=1))
    store.lanes.mark({"awake": "u"}, marked_at)
    store.lanes.calm("awake", marked_at + timedelta(milliseconds=1))
    assert "awake" not in {one.id for one in store.lanes.waiting()}


def test_under_an_older_claim_no_hand_over_begins_or_ends(store: Store) -> None:
    message = a_message(new_id())
    store.messages.add(message)
    sending = {"status": "sending", "at": now()}
    assert store.messages.start_many([message.id], ["queued"], sending, 2) == {message.id}
    back = {"status": "queued", "at": now()}
    assert not store.messages.move(message, ["sending"], back, claim=1)
    assert store.messages.move(message, ["sending"], back, claim=2)
    assert store.messages.start_many([message.id], ["queued"], sending, 1) == set()
    assert store.messages.start_many([message.id], ["queued"], sending, 3) == {message.id}


def test_a_tick_of_several_passes_over_what_has_moved_on(store: Store) -> None:
    first, second = a_message(new_id()), a_message(new_id())
    assert store.messages.add_many([first, second]) == {first.id, second.id}
    assert not store.messages.add(second), "it is there already"
    assert store.messages.move(second, ["queued"], {"status": "delivered", "at": now()})
    sent = {"status": "sent", "at": now()}
    assert store.messages.advance_many([first.id, second.id], "queued", [sent]) == {first.id}
    found = store.messages.get(second.id)
    assert found and [one["status"] for one in found.timeline] == ["queued", "delivered"]


def test_how_far_events_were_applied_never_falls_back(store: Store) -> None:
    """As when one process that was slow says so after another that went on."""
    store.applied_events.reach({"life": 5}, now())
    store.applied_events.reach({"life": 3}, now())
    assert store.applied_events.reached(["life", "other"]) == {"life": 5}


def test_no_time_is_before_the_one_above_it_whoever_was_slower(store: Store) -> None:
    """Each took the time before it wrote, and the one that took it first wrote last."""
    message, earlier, later = a_message(new_id()), now() + timedelta(seconds=1), now() + timedelta(seconds=2)
    store.messages.add(message)
    assert store.messages.move(message, ["queued"], {"status": "sending", "at": later})
    assert store.messages.advance_many([message.id], "sending", [{"status": "sent", "at": earlier}]) == set()
    assert store.messages.move(message, ["sending"], {"status": "queued", "at": earlier})
    assert not store.messages.move(message, ["sending"], {"status": "unknown", "at": earlier})
    found = store.messages.get(message.id)
    assert found and [one["at"] for one in found.timeline[1:]] == [later, later] == [later, found.updated_at]


def test_ids_rise_in_the_order_they_are_made() -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: [new_id() for _ in range(500)], range(4)))
    assert all(theirs == sorted(theirs) for theirs in made)
    assert len({one for theirs in made for one in theirs}) == 2000
    assert abs(ObjectId(new_id()).generation_time.timestamp() - datetime.now(UTC).timestamp()) < 2


def test_ids_rise_while_the_clock_stands_still_or_is_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = new_id()
    moment = time.time_ns() - 3_600_000_000_000
    monkeypatch.setattr(time, "time_ns", lambda: moment)
    made = [before, *(new_id() for _ in range(100))]
    assert made == sorted(made)


def test_one_transition_wins_of_many(store: Store) -> None:
    message = a_message(new_id())
    store.messages.add(message)

    def move(_: int) -> bool:
        return store.messages.move(message, ["queued"], {"status": "sending", "at": now()})

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(move, range(40))) == 1
    found = store.messages.get(message.id)
    assert found and [one["status"] for one in found.timeline] == ["queued", "sending"]


def test_pages_miss_nothing_over_days_and_bursts(store: Store) -> None:
    """Ids from this second back to last year: pages of any size give each once, newest first."""
    user, start = new_id(), datetime.now(UTC)
    ages = [0] * 30 + [1, 5, 60, 3600, 86_400, 86_400 * 30, 86_400 * 200]
    ids = [ObjectId.from_datetime(start - timedelta(seconds=age)).binary[:4] + ObjectId().binary[4:] for age in ages]
    wanted = sorted((str(ObjectId(one)) for one in ids), reverse=True)
    for one in wanted:
        store.messages.add(a_message(user, one))
    for limit in (1, 7, 200):
        seen: list[str] = []
        cursor = None
        while True:
            page = store.messages.page(user, MessageFilter(), limit=limit, cursor=cursor)
            seen += [one.id for one in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == wanted


def test_a_chat_that_moves_while_chats_are_looked_through_is_seen(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    user, hour = new_id(), timedelta(hours=1)
    ages = {str(ObjectId.from_datetime(now() - n * hour)): n for n in (1, 50, 2000)}
    for last_id in ages:
        store.chats.add(Chat(new_id(), user, "s", "default", "sandbox", phone=last_id, last_id=last_id))
    oldest = store.chats.page(user, limit=10).items[-1]
    looks = windows._windows

    def moving(*bounds: Any, **options: Any) -> Iterator[Document]:
        for n, window in enumerate(looks(*bounds, **options)):
            yield window
            if n == 0:
                assert store.chats.change(oldest, {"last_id": new_id()})

    monkeypatch.setattr(windows, "_windows", moving)
    moved = store.chats.page(user, limit=10).items
    assert [ages[str(one.phone)] for one in moved] == [2000, 1, 50]


def test_two_users_may_not_have_one_address(store: Store) -> None:
    fields = {"email": f"{new_id()}@example.com", "name": "", "role": "user", "password_hash": "x", "created_at": now()}
    store.users.add(fields)
    with pytest.raises(EmailTaken):
        store.users.add(fields)


class Refusing:
    """A collection of a database that answers an insert with `details`."""

    def __init__(self, **details: list[dict[str, Any]]) -> None:
        self.details = {"writeErrors": [], "writeConcernErrors": [], **details}

    def insert_many(self, *_: object, **__: object) -> None:
        raise BulkWriteError(self.details)


def insert_into(refusing: Refusing) -> set[int]:
    return insert_new(cast(Any, refusing), [])


def test_an_error_of_inserting_says_nothing_of_what_was_inserted() -> None:
    """It is logged, and what is inserted is people's messages."""
    full = {"index": 0, "code": 14031, "errmsg": "No space left on device", "op": {"message": "between us"}}
    with pytest.raises(BulkWriteError) as raised:
        insert_into(Refusing(writeErrors=[full]))
    told = "".join(traceback.format_exception(raised.value))
    assert "No space left" in told
    assert "between us" not in told


def test_only_what_is_there_already_is_no_error_of_inserting() -> None:
    assert insert_into(Refusing(writeErrors=[{"index": 3, "code": 11000, "errmsg": "E11000", "op": {}}])) == {3}
    with pytest.raises(BulkWriteError):
        insert_into(Refusing(writeConcernErrors=[{"code": 64, "errmsg": "waiting for replication timed out"}]))


def test_ids_that_cannot_be_are_simply_not_found(store: Store) -> None:
    for text in ("", "zz", "0" * 23, "0" * 25, "../etc", "\x00" * 24):
        assert store.messages.get(text) is None


def test_no_query_reads_far_more_than_the_one_before(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else is answered while one is read. After many at once comes a quiet year, which takes few queries all the same."""
    collection = store.messages._messages.database["of_windows"]
    ages = [timedelta(minutes=one) for one in range(1, 6000)] + [timedelta(days=400)]
    collection.insert_many([{"_id": ObjectId.from_datetime(now() - one), "user_id": "u"} for one in ages])
    collection.create_index([("user_id", 1), ("_id", 1)])
    bounds: list[Document] = []
    unbounded = windows._windows

    def noted(*arguments: Any, **options: Any) -> Iterator[Document]:
        for one in unbounded(*arguments, **options):
            bounds.append(one)
            yield one

    monkeypatch.setattr(windows, "_windows", noted)
    found, _ = windows.newest_first(collection, {"user_id": "u"}, limit=len(ages))
    read = [collection.count_documents({"user_id": "u", "_id": one}) for one in bounds]
    assert (len(found), sum(read)) == (6000, 6000)
    assert max(read) < 2000 and len(read) < 25
