"""What is kept of webhooks ends with its time, in bounded pieces."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from tests.support.web import register
from wabot.lib.clock import now
from wabot.services import hook_retention
from wabot.services.hook_retention import HookRetention, _Turn
from wabot.services.webhooks import UNDO
from wabot.store.ids import earliest_at

hooked, receiver, settings = house.hooked, house.receiver, house.settings


def test_old_deliveries_and_deleted_endpoints_are_cleared_away(hooked: Hooked, receiver: Receiver) -> None:
    begun, made = now(), hooked.endpoint(receiver.url, "message.queued")
    hooked.send()
    hooked.work()
    hooked.call("DELETE", f"/{made['id']}", status=204)
    hooked.call("GET", f"/{made['id']}", status=404)
    store = hooked.services.store
    hooked.rounds.clear()
    assert len(store.hook_deliveries.page(made["id"], limit=5).items) == 1  # it may still be wanted back
    store.endpoints.change(made["id"], {"deleted_at": now() - UNDO})
    hooked.rounds.clear()
    assert store.endpoints.get(made["id"]) is None
    assert store.hook_deliveries.page(made["id"], limit=5).items == []
    assert len(store.event_log.after(hooked.linked.user["id"], str(earliest_at(begun)), now() + UNDO, 10)) == 1
    assert store.event_log.remove_before(hooked.linked.user["id"], now() + timedelta(days=1)) == 1


def test_old_events_and_deliveries_go_a_few_owners_at_a_time_round_and_round(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook_retention, "_AT_ONCE", 1)
    others = [register(hooked.linked.client)["user"]["id"] for _ in range(2)]
    made, store = hooked.endpoint(receiver.url, "message.queued"), hooked.services.store
    retention = HookRetention(store, -timedelta(days=1))

    def kept() -> tuple[int, int]:
        events = store.event_log.between(hooked.linked.user["id"], now() - timedelta(days=1), now(), 10)
        return len(events), len(store.hook_deliveries.page(made["id"], limit=10).items)

    for _ in range(2):
        hooked.send()
        hooked.work()
        assert kept() == (1, 1)
        for _ in range(len(others) + 2):
            retention.round()
        assert kept() == (0, 0)


def test_an_owner_with_more_than_a_rounds_work_comes_first_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    left = {"a": 0, "b": 3, "c": 1}

    def remove(owner: str, _: datetime) -> int:
        left[owner] -= (gone := min(left[owner], 2))
        return gone

    monkeypatch.setattr(hook_retention, "IN_ONE_GO", 2)
    turn = _Turn(lambda after, limit: [one for one in left if one > after][:limit], remove)
    turn.go_on(now())
    assert left == {"a": 0, "b": 1, "c": 1}
    turn.go_on(now())
    assert left == {"a": 0, "b": 0, "c": 0}
