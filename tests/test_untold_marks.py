"""A mark that something is to be told is only taken off by whoever has told just that."""

from __future__ import annotations

from tests.support.lane import Lane
from wabot.lib.clock import now


def test_a_mark_that_two_got_in_one_write_is_not_taken_off_with_the_old_one_of_either(lane: Lane) -> None:
    """One is read before that write, the other after it, and by then they have equally long timelines."""
    store = lane.house.store.messages
    first, second = lane.send("a", "b")

    def move(message_id: str, *way: str) -> None:
        for status, came_from in zip(way[1:], way, strict=False):
            entry = {"status": status, "at": now()}
            assert store.move(lane.message(message_id), [came_from], entry, {"untold": f"{message_id}-{status}"})

    move(first, "queued", "sending", "queued", "sending")
    move(second, "queued", "sending")
    before = lane.message(first)
    entries = [{"status": "sent", "at": now()}, {"status": "delivered", "at": now()}]
    assert store.advance_many([first, second], "sending", entries, {"untold": "shared"}) == {first, second}
    after = lane.message(second)
    assert len(before.timeline) == len(after.timeline)
    store.told([before, after])
    assert (lane.message(first).untold, lane.message(second).untold) == ("shared", None)
