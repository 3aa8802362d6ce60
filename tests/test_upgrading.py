"""Data of an earlier version: what it lacks is given to it, and indexes that others stand for are gone."""

from __future__ import annotations

from flask import Flask

from tests.support.web import Linked, bearer
from wabot.blueprints._context import services
from wabot.store.upgrading import upgrade

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
