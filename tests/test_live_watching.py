"""Nothing is made for pages that aren't open, and everything for those that are, and for calls that wait."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.support.web import Linked
from wabot.lib.relay import Relay
from wabot.live import Live, _Socket
from wabot.services import messages
from wabot.store.records import Message


def test_a_user_is_watched_while_a_page_is_open_or_a_call_waits() -> None:
    live = Live()
    assert not live.watches("ann")
    live._sockets["socket"] = _Socket("ann", "login")
    assert live.watches("ann")
    assert not live.watches("ben")
    event = live.waiting.watch("message")
    assert live.watches("ben"), "it may be the one whose message is waited for"
    live.waiting.unwatch("message", event)
    assert not live.watches("ben")


def test_behind_several_web_processes_everybody_is_watched() -> None:
    live = Live()
    live._relay = Relay("redis://127.0.0.1:1")
    assert live.watches("ann")


def test_what_nobody_watches_is_not_made(app: Flask, linked: Linked, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Message] = []
    make = messages.pushes_of_message

    def making(message: Message) -> Any:
        made.append(message)
        return make(message)

    monkeypatch.setattr(messages, "pushes_of_message", making)
    assert linked.send().status_code == 202
    assert made == []
    app.extensions["wabot_live"]._sockets["socket"] = _Socket(linked.user["id"], "login")
    accepted = linked.send().get_json()
    assert [one.id for one in made] == [accepted["id"]]
