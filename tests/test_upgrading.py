"""Data of an earlier version: what it lacks is given to it, and indexes that others stand for are gone."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from tests.support.web import Linked, bearer
from wabot.blueprints._context import services
from wabot.lib.clock import now, to_rfc3339
from wabot.store.upgrading import upgrade

LATER = to_rfc3339(now() + timedelta(hours=1))
OLD_INDEX = [("user_id", 1), ("direction", 1), ("to", 1), ("_id", 1)]


def test_messages_from_before_there_were_sides_are_found_by_number(app: Flask, linked: Linked) -> None:
    sent = linked.send().get_json()
    messages = app.extensions["wabot"].store.messages._messages
    messages.update_many({}, {"$unset": {"side": ""}})
    messages.create_index(OLD_INDEX)
    with app.app_context():
        services().store.upgrade()
        assert services().store.upgrade() == 0, "there is nothing left to do"
    listed = linked.client.get(f"/api/messages?to=%2B{sent['to'].lstrip('+')}", headers=bearer(linked.token)).get_json()
    assert [one["id"] for one in listed["items"]] == [sent["id"]]
    assert "user_id_1_direction_1_to_1__id_1" not in messages.index_information()
    assert upgrade(messages.database) == 0


def test_messages_whose_places_were_elsewhere_keep_them(app: Flask, linked: Linked) -> None:
    """They waited, one of them for its time, when the new version was started."""
    waiting, scheduled = linked.send().get_json()["id"], linked.send(send_at=LATER).get_json()["id"]
    store = app.extensions["wabot"].store
    session_id = store.messages.get(waiting).session_id
    db = store.messages._messages.database
    db["messages"].update_many({}, {"$unset": {"queue": "", "due": ""}})
    db["outbox"].insert_one({"session_id": session_id, "status": "queued"})
    assert store.outbox.queue(session_id) == []
    store.catch_up()
    assert store.outbox.queue(session_id) == [waiting]
    assert [one.id for one in store.outbox.due(now() + timedelta(hours=2))] == [scheduled]
    assert "outbox" not in db.list_collection_names()


def test_webhooks_from_before_a_deletion_could_be_undone_are_still_there(app: Flask, linked: Linked) -> None:
    made = linked.client.post(
        "/api/webhooks", json={"url": "https://example.com/hook", "events": ["*"]}, headers=bearer(linked.token)
    ).get_json()
    store = app.extensions["wabot"].store
    store.messages._messages.database["webhooks"].update_many({}, {"$unset": {"deleted": ""}})
    store.catch_up()
    listed = linked.client.get("/api/webhooks", headers=bearer(linked.token)).get_json()
    assert [one["id"] for one in listed["items"]] == [made["id"]]
