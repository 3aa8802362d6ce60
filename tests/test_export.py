"""Everything of a user as a ZIP that is written while it is read, and nothing of anybody else."""

from __future__ import annotations

import io
import json
import tracemalloc
import zipfile
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.matrix import World, services_of
from tests.support.web import bearer
from tests.test_erasure import messages_of, with_data
from wabot.errors import Conflict
from wabot.lib.clock import now
from wabot.services.audit import Audited
from wabot.services.export import NOT_EXPORTED, PARTS
from wabot.store.messages import Messages
from wabot.store.personal import PERSONAL, WITH_THE_SESSION

PICTURE = "a" * 64


@pytest.fixture
def world(app: Flask) -> World:
    return World(app)


def test_every_collection_is_exported_or_said_why_not() -> None:
    exported = {name for part in PARTS for name in part.collections}
    assert exported | set(NOT_EXPORTED) == {"users", "audit", *PERSONAL, *WITH_THE_SESSION}
    assert exported & set(NOT_EXPORTED) == set()


def contents(archive: bytes) -> dict[str, list[dict[str, Any]]]:
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        return {
            name: [json.loads(line) for line in opened.read(name).decode().splitlines()]
            for name in opened.namelist()
            if name.endswith(".jsonl")
        }


@pytest.mark.parametrize("by", ["page", "api"])
def test_all_of_the_user_is_in_it_and_nothing_secret(app: Flask, world: World, by: str) -> None:
    owner, store = world.owner, world.services.store
    store.messages.add_many(messages_of(owner.user.id, 200))
    with_data(world)
    store.sessions.change(world.things["session_id"], 1, {"status": "pairing", "pairing_code": "PAIR1NG8", "observed_at": now()})
    audit, by_admin, himself = world.services.audit, Audited(world.admin.user, "192.0.2.7"), Audited(owner.user, "192.0.2.8")
    audit.note(by_admin, "user.limits", target=owner.user.id)
    audit.note(himself, "password.change", target=owner.user.id)
    picture = world.services.media.files.path(owner.user.id, PICTURE)
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"x" * 200_000)
    if by == "page":
        answer = owner.browser.get("/settings/account/export")
    else:
        answer = app.test_client().get("/api/account/export", headers=bearer(owner.token))
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    found = contents(answer.data)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert archive.read(f"media/{PICTURE}") == b"x" * 200_000
    assert len(found["messages_sent.jsonl"]) == 226, "and the one that waits"
    assert len(found["messages_received.jsonl"]) == 225
    assert len({one["id"] for one in found["messages_sent.jsonl"]}) == 226
    assert found["account.jsonl"][0]["email"] == owner.email
    assert [one["session"] for one in found["whatsapp_sessions.jsonl"]] == ["shop"]
    assert len(found["api_keys.jsonl"]) == 8
    assert len(found["logins.jsonl"]) == 2
    assert {"day": "20260131", "accepted": 3} in found["figures.jsonl"]
    assert found["virtual_phones.jsonl"] == [{"number": "+15550400777"}]
    assert len(found["webhooks.jsonl"]) == len(found["webhook_deliveries.jsonl"]) == 1
    assert [one["type"] for one in found["events.jsonl"]] == ["message.received"]
    assert ("an administrator", "user.limits") in [(one["by"], one["action"]) for one in found["audit.jsonl"]]
    assert ("you", "password.change") in [(one["by"], one["action"]) for one in found["audit.jsonl"]]
    text = json.dumps(found)
    for secret in (
        *owner.keys.values(),
        owner.token,
        "PAIR1NG8",
        "password_hash",
        "scrypt",
        world.other.user.id,
        world.admin.user.id,
        "192.0.2.7",
    ):
        assert secret not in text


def test_memory_does_not_grow_with_the_history(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = world.owner.user
    body = "many words " * 300

    def page(self: Messages, user_id: str, asked: Any, *, limit: int, cursor: str | None) -> Any:
        """Forty pages of long messages, without storing them."""
        number = int(cursor or 0)
        moment = now() - timedelta(seconds=number)
        items = [type(one)(**{**vars(one), "message": body, "created_at": moment}) for one in messages_of(user_id, limit)]
        return type("Page", (), {"items": items, "next_cursor": str(number + 1) if number < 39 else None})

    monkeypatch.setattr(Messages, "page", page)
    export = world.services.exports.of_user(owner)
    tracemalloc.start()
    size = sum(len(chunk) for chunk in export)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    export.close()
    written = 2 * 40 * 200 * len(body)
    assert size > 0
    assert peak < written / 5, f"{peak} bytes at most, of {written}"


def test_one_export_of_a_user_at_a_time(app: Flask, world: World) -> None:
    exports = services_of(app).exports
    first = exports.of_user(world.owner.user)
    with pytest.raises(Conflict):
        exports.of_user(world.owner.user)
    exports.of_user(world.other.user).close()
    first.close()
    answer = world.owner.browser.get("/settings/account/export")
    answer.close()
    exports.of_user(world.owner.user).close()
