"""A webhook that was deleted or switched off by mistake: had back as it was, with what happened meanwhile."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from wabot.errors import Conflict, NotFound
from wabot.lib.clock import now
from wabot.services.hearing import Hearing
from wabot.services.webhooks import PER_USER, UNDO, Webhooks
from wabot.store.ids import new_id

hooked, receiver, settings = house.hooked, house.receiver, house.settings
Mistake = Callable[[Hooked, dict[str, Any]], None]


def delete(hooked: Hooked, made: dict[str, Any]) -> None:
    hooked.call("DELETE", f"/{made['id']}", status=204)


def switch_off(hooked: Hooked, made: dict[str, Any]) -> None:
    hooked.call("PATCH", f"/{made['id']}", {"enabled": False})


def undo(hooked: Hooked, made: dict[str, Any]) -> None:
    hooked.services.webhooks.undo(hooked.linked.user["id"], made["id"])


@pytest.mark.parametrize("mistake", [delete, switch_off])
def test_nothing_is_lost_by_a_mistake_that_is_taken_back(hooked: Hooked, receiver: Receiver, mistake: Mistake) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    sent = [hooked.send("before")]
    hooked.work()
    sent.append(hooked.send("waits when it happens"))
    mistake(hooked, made)
    sent.append(hooked.send("meanwhile"))
    hooked.work()
    assert len(receiver.requests) == 1
    hooked.rounds.clear()
    undo(hooked, made)
    hooked.work()
    assert sorted(json.loads(one.body)["data"]["id"] for one in receiver.requests) == sorted(sent)
    assert hooked.call("GET", f"/{made['id']}")["enabled"] is True
    undo(hooked, made)  # a second click
    hooked.work()
    assert (len(receiver.requests), len(hooked.deliveries(made))) == (3, 3)


@pytest.mark.parametrize("mistake", [delete, switch_off])
def test_only_its_owner_takes_it_back(hooked: Hooked, receiver: Receiver, mistake: Mistake) -> None:
    made = hooked.endpoint(receiver.url)
    mistake(hooked, made)
    with pytest.raises(NotFound):
        hooked.services.webhooks.undo(new_id(), made["id"])
    found = hooked.services.store.endpoints.get(made["id"])
    assert found and not found.enabled


def test_what_happens_while_it_is_taken_back_is_sent_too(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    delete(hooked, made)
    begin = Hearing.begin

    def busy_moment(hearing: Hearing, user_id: str) -> None:
        begin(hearing, user_id)
        hooked.send("between the looking and the writing")
        hooked.work()

    monkeypatch.setattr(Hearing, "begin", busy_moment)
    monkeypatch.setattr("wabot.services.webhooks.now", lambda: now() - timedelta(seconds=3))  # looked three seconds ago
    undo(hooked, made)
    hooked.work()
    assert len(receiver.requests) == 1


def test_killed_before_the_ring_it_is_served_all_the_same(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    delete(hooked, made)
    hooked.send("meanwhile")
    hooked.work()
    monkeypatch.setattr(Webhooks, "_ring", lambda *_: None)
    undo(hooked, made)
    hooked.work()
    assert len(receiver.requests) == 1


def test_what_was_off_before_it_was_deleted_comes_back_switched_off(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued", enabled=False)
    delete(hooked, made)
    undo(hooked, made)
    assert hooked.call("GET", f"/{made['id']}")["enabled"] is False


def test_what_its_owner_had_switched_off_stays_off_when_its_deletion_is_undone(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    switch_off(hooked, made)
    hooked.send("not wanted")
    delete(hooked, made)
    undo(hooked, made)
    hooked.work()
    shown = hooked.call("GET", f"/{made['id']}")
    assert (shown["enabled"], shown["disabled_reason"], receiver.requests) == (False, "owner", [])


def test_what_was_deleted_before_deletions_had_a_time_is_erased(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    delete(hooked, made)
    hooked.services.store.endpoints.change(made["id"], {"deleted_at": None})
    hooked.rounds.clear()
    assert hooked.services.store.endpoints.get(made["id"]) is None


def test_after_ten_minutes_it_is_gone(hooked: Hooked, receiver: Receiver) -> None:
    made = hooked.endpoint(receiver.url, "message.queued")
    delete(hooked, made)
    hooked.services.store.endpoints.change(made["id"], {"deleted_at": now() - UNDO})
    with pytest.raises(NotFound):
        undo(hooked, made)


def test_none_comes_back_beyond_how_many_there_may_be(hooked: Hooked, receiver: Receiver) -> None:
    first, *_ = [hooked.endpoint(receiver.url, "message.queued") for _ in range(PER_USER)]
    delete(hooked, first)
    hooked.endpoint(receiver.url, "message.queued")
    with pytest.raises(Conflict):
        undo(hooked, first)
    hooked.call("GET", f"/{first['id']}", status=404)
