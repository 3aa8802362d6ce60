"""The in-process web application: its settings, its users, and one whose session looks linked."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support.stack import environment
from wabot import config
from wabot.blueprints._context import services
from wabot.launching import data as wabot_data
from wabot.lib.clock import now

PHONE = "+12025550123"


def settings_for(db: str, data: Path, **chosen: str) -> config.Settings:
    """As the launcher would leave them in `data`, with no other process running; `db` is the database's URI."""
    base = {"MONGO_URI": db, "SECRET_KEY": secrets.token_urlsafe(32), "GATEWAY_PORT": "1", "SANDBOX_PORT": "2"}
    loaded = config.load(environment(data, **(base | chosen)))
    wabot_data.prepare(loaded.data)
    wabot_data.make_secrets(loaded.data)
    return loaded


def email() -> str:
    return f"{uuid.uuid4().hex[:10]}@example.com"


def register(client: FlaskClient, address: str | None = None, password: str = "correct horse") -> dict[str, Any]:
    answer = client.post("/api/auth/register", json={"email": address or email(), "password": password})
    assert answer.status_code == 201, answer.json
    body: dict[str, Any] = answer.get_json()
    return body


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Linked:
    """A user with a session that looks linked: messages are accepted and wait, no gateway is running."""

    client: FlaskClient
    user: dict[str, Any]
    token: str

    def send(self, **body: Any) -> Any:
        headers = {**bearer(self.token), **body.pop("headers", {})}
        return self.client.post("/api/messages/send", json={"to": PHONE, "message": "hello", **body}, headers=headers)


@pytest.fixture
def linked(app: Flask, client: FlaskClient) -> Linked:
    made = register(client)
    with app.app_context():
        services().store.sessions.add(
            {
                "user_id": made["user"]["id"], "name": "default", "engine": "webjs", "network": "sandbox", "epoch": 1,
                "created_at": now(), "since": now(), "observed_at": now(), "desired": "on", "linked": True,
                "status": "reconnecting", "phone": "+12025550999",
            }
        )  # fmt: skip
    return Linked(client, made["user"], made["token"])
