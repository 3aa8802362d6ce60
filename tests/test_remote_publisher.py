"""Pushes of the worker reach web, however long what they tell of is."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests.support.waiting import wait_until
from wabot.app import BODY_LIMIT
from wabot.blueprints._context import services
from wabot.remote_publisher import RemotePublisher
from wabot.services.publishing import Push


@pytest.fixture
def told(app: Flask, monkeypatch: pytest.MonkeyPatch) -> list[Push]:
    """What web got."""
    pushes: list[Push] = []
    monkeypatch.setattr(app.extensions["wabot_live"], "publish", pushes.extend)
    return pushes


@pytest.fixture
def publisher(app: Flask) -> Iterator[RemotePublisher]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with app.app_context():
        secret = services().settings.secret("internal_secret")
    publisher = RemotePublisher(f"http://127.0.0.1:{server.server_port}", secret)
    yield publisher
    publisher.close()
    server.shutdown()
    thread.join()
    server.server_close()


def push(text: str) -> Push:
    return Push("u", "message", {"message": text})


def test_long_texts_are_posted_in_portions_that_web_takes(publisher: RemotePublisher, told: list[Push]) -> None:
    pushes = [push(f"{n} " + "ж" * 2_000) for n in range(250)]
    publisher.publish(pushes)
    wait_until(lambda: pushes[-1] in told, 10, "the last has come")
    assert told == pushes


def test_what_alone_is_more_than_web_takes_is_dropped_alone(publisher: RemotePublisher, told: list[Push]) -> None:
    pushes = [push(str(n)) for n in range(40)]
    publisher.publish([*pushes[:20], push("x" * BODY_LIMIT), *pushes[20:]])
    wait_until(lambda: pushes[-1] in told, 10, "the last has come")
    assert told == pushes
