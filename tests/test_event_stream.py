"""Past events are read from wherever one was, page by page, at the cost of a page."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

from tests.support import hooked as house
from tests.support.hooked import Hooked
from wabot.lib.clock import now
from wabot.store.hook_records import ToldEvent
from wabot.store.ids import derived, earliest_at

hooked, settings = house.hooked, house.settings

EVENTS, LIMIT = 6000, 50
APART = timedelta(seconds=20)


def event(user_id: str, number: int, at: datetime) -> ToldEvent:
    return ToldEvent(
        id=derived(at, 0, str(number)), user_id=user_id, told=derived(at, 1, str(number)), type="message.sent", at=at, known=at,
        session="default", key="one", place=number, data={"id": str(number)},
    )  # fmt: skip


def fastest(hooked: Hooked, cursor: str) -> float:
    """Seconds of a page, the best of three."""
    took = []
    for _ in range(3):
        started = time.monotonic()
        found, _ = hooked.services.event_stream.after(hooked.linked.user["id"], cursor, LIMIT)
        took.append(time.monotonic() - started)
        assert len(found) == LIMIT
    return min(took)


def test_how_much_lies_behind_a_page_costs_nothing(hooked: Hooked) -> None:
    begun = now() - EVENTS * APART - timedelta(minutes=1)
    made = [event(hooked.linked.user["id"], number, begun + number * APART) for number in range(EVENTS)]
    for start in range(0, EVENTS, 1000):
        hooked.services.store.event_log.add_many(made[start : start + 1000])
    last_page = made[-LIMIT - 1].told
    assert fastest(hooked, str(earliest_at(begun))) < 5 * fastest(hooked, last_page)


def test_each_is_read_once_and_in_order_whatever_pauses_lie_between(hooked: Hooked) -> None:
    begun = now() - timedelta(days=10)
    hours = [0.0, 0.001, 0.002, 1, 1.0001, 30, 31, 32, 200, 200.01, 239.9]
    made = [event(hooked.linked.user["id"], number, begun + timedelta(hours=one)) for number, one in enumerate(hours)]
    hooked.services.store.event_log.add_many(made)
    cursor, read = hooked.services.event_stream.start(begun - timedelta(days=1)), []
    while True:
        found, cursor = hooked.services.event_stream.after(hooked.linked.user["id"], cursor, 2)
        if not found:
            break
        read += [one.place for one in found]
    assert read == list(range(len(hours)))
    looked_at = now()
    hooked.services.store.event_log.add_many([event(hooked.linked.user["id"], 99, looked_at - timedelta(seconds=2))])
    found, _ = hooked.services.event_stream.after(hooked.linked.user["id"], cursor, 2, looked_at)
    assert [one.place for one in found] == [99]
