"""Users of the in-process web application, and one whose session looks linked."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from wabot.blueprints._context import services
from wabot.lib.clock import now

PHONE = "+12025550123"


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
