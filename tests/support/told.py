"""Posts events as the gateway does, in the words of docs/internals.md."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from wabot.blueprints._context import services
from wabot.lib.clock import now, to_rfc3339

BO = {"phone": "+12025550777", "lid": "4455667788@lid"}


class Teller:
    """The gateway of one session of one user."""

    def __init__(self, app: Flask, client: FlaskClient, user_id: str, session: str = "default") -> None:
        self.app, self.client = app, client
        self.seq = 0
        self.life = uuid.uuid4().hex
        with app.app_context():
            self.secret = services().settings.secret("internal_secret")
            found = services().store.sessions.named(user_id, session)
        assert found
        self.session = found

    def event(self, event_type: str, **data: Any) -> dict[str, Any]:
        self.seq += 1
        at = {"at": to_rfc3339(now())}
        return {
            "id": f"{self.life}-{self.seq}", "seq": self.seq, **at, "type": event_type,
            "session_id": self.session.id, "epoch": 1, "data": data,
        }  # fmt: skip

    def letter(self, body: str = "hi", *, chat: dict[str, Any] = BO, at: datetime | None = None, **more: Any) -> dict[str, Any]:
        own = bool(more.get("from_me"))
        second = (at or now()).replace(microsecond=0)
        data = {
            "wa_message_id": "3A" + secrets.token_hex(9).upper(), "chat": chat, "from": None if own else chat, "from_me": own,
            "push_name": None if own else "Bo", "contact_name": None, "body": body, "kind": "text", "media": None, "quoted": None,
            "ack": "sent" if own else None, "at": to_rfc3339(second), "recovered": False,
        }  # fmt: skip
        return self.event("message.received", **{**data, **more})

    def post(self, *events: dict[str, Any], expect: int = 200) -> None:
        auth = {"Authorization": f"Bearer {self.secret}"}
        answer = self.client.post("/internal/events", json={"events": list(events)}, headers=auth)
        assert answer.status_code == expect, answer.get_data(as_text=True)

    def broken(self, **values: Any) -> dict[str, Any]:
        """A message with these values, whatever they are."""
        event = self.letter("broken")
        event["data"].update(values)
        return event

    def tell(self, *bodies: str, **more: Any) -> list[dict[str, Any]]:
        events = [self.letter(body, **more) for body in bodies]
        self.post(*events)
        return events
