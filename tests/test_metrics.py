"""/metrics: in the format Prometheus reads, for who may see it, and whatever is away."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from tests.support.web import Linked, email
from wabot import config
from wabot.app import create_app
from wabot.blueprints._context import services
from wabot.store.counters import ALL, TOTAL

TOKEN = "a metrics token of some length"


def read(client: FlaskClient, **arguments: Any) -> dict[tuple[str, str], float]:
    """By sample's name and its labels' values, in the order of their names."""
    answer = client.get("/metrics", **arguments)
    assert answer.status_code == 200 and answer.content_type.startswith("text/plain")
    families = text_string_to_metric_families(answer.get_data(as_text=True))
    return {
        (one.name, "|".join(value for _, value in sorted(one.labels.items()))): one.value
        for family in families
        for one in family.samples
    }


def test_the_metrics_tell_what_happened_in_this_format(app: Flask, client: FlaskClient, linked: Linked) -> None:
    linked.send()
    with app.app_context():
        services().tally.flush()
        services().store.counters.add(ALL, TOTAL, {"failed": 2})
    for _ in range(12):
        client.post("/api/auth/login", json={"email": email(), "password": "wrong"})
    client.get("/no-such-page/1")
    client.get("/no-such-page/2")
    told = read(client)
    assert told[("wabot_up", "db")] == 1 and told[("wabot_up", "gateway")] == 0
    assert told[("wabot_sessions", "reconnecting")] == 1 and told[("wabot_sessions", "connected")] == 0
    assert told[("wabot_messages_total", "accepted")] == 1 and told[("wabot_messages_total", "failed")] == 2
    assert told[("wabot_queued_messages", "")] == 1
    assert told[("wabot_limits_refused_total", "login_per_minute")] == 2
    counted = "wabot_http_request_duration_seconds_count"
    assert told[(counted, "POST|/api/messages/send|2xx")] == 1
    assert told[(counted, "any|none|4xx")] == 2, "addresses are no labels"


def test_without_a_token_only_this_machine_is_answered(client: FlaskClient) -> None:
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200


@contextmanager
def started(settings: config.Settings, **changes: str) -> Iterator[FlaskClient]:
    made = create_app(settings.model_copy(update=changes))
    yield made.test_client()
    made.extensions["wabot"].close()


@pytest.fixture
def guarded(settings: config.Settings) -> Iterator[FlaskClient]:
    with started(settings, metrics_token=TOKEN) as client:
        yield client


def test_with_a_token_only_who_has_it(guarded: FlaskClient) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}, {"X-API-Key": TOKEN}):
        assert guarded.get("/metrics", headers=headers).status_code == 401
    assert read(guarded, headers={"Authorization": f"Bearer {TOKEN}"}, environ_base={"REMOTE_ADDR": "192.0.2.7"})


def test_a_dead_database_is_told_not_an_error(settings: config.Settings) -> None:
    with started(settings, mongo_uri="mongodb://127.0.0.1:1/gone?serverSelectionTimeoutMS=200") as client:
        told = read(client)
    assert told[("wabot_up", "db")] == 0 and ("wabot_queued_messages", "") not in told
