"""Switched off by its receiver's failures: its owner gets one mail, whatever comes in between."""

from __future__ import annotations

import pytest

from tests.support import hooked as house
from tests.support.hooked import Hooked
from tests.support.receiver import Receiver
from wabot.services import mails
from wabot.services.mails import Mails

hooked, receiver, settings = house.hooked, house.receiver, house.settings


def switched_off(hooked: Hooked, receiver: Receiver) -> str:
    made = hooked.endpoint(receiver.url, "message.queued")
    receiver.answer = lambda _: 410
    hooked.send()
    hooked.rounds.round()
    hooked.rounds.wait()
    assert hooked.call("GET", f"/{made['id']}")["disabled_reason"] == "gone"
    return str(made["id"])


def waiting(hooked: Hooked) -> list[str]:
    return [one.kind for one in hooked.services.store.mails.due(mails.now())]


def test_who_is_killed_before_the_mail_leaves_it_to_the_next(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(Mails, "queue", _killed)
        switched_off(hooked, receiver)
    assert waiting(hooked) == []
    hooked.work()
    assert waiting(hooked) == ["webhook_disabled"]


def test_who_is_killed_after_the_mail_queues_no_second(
    hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as killed:
        killed.setattr(hooked.services.store.endpoints, "change", _killed)
        switched_off(hooked, receiver)
    hooked.work()
    hooked.work()
    assert waiting(hooked) == ["webhook_disabled"]


def test_while_too_many_mails_wait_it_is_tried_again(hooked: Hooked, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wabot.services.hook_lanes._MAIL_AGAIN", mails.RETRIES[0] / 100)
    with monkeypatch.context() as full:
        full.setattr(mails, "QUEUE_LIMIT", 0)
        switched_off(hooked, receiver)
    hooked.work_until(lambda: waiting(hooked), "the mail is queued")
    assert waiting(hooked) == ["webhook_disabled"]


def _killed(*_: object, **__: object) -> None:
    raise RuntimeError
