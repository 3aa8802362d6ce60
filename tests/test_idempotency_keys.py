"""One key is one key, however it is given: a key that is read in two ways, or not at all, sends a message twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.web import PHONE, Linked, bearer
from wabot.lib.clock import now
from wabot.services.messages import IDEMPOTENCY_LIFETIME
from wabot.store import DATABASE_DOWN, idempotency, personal
from wabot.store.messages import Messages

KEY = "pedido-ação-№7"


def quick(linked: Linked, *, header: bytes | None = None, **parameters: str) -> Any:
    """GET /api/send; the header's bytes as they are."""
    given = {"HTTP_IDEMPOTENCY_KEY": header.decode("latin-1")} if header is not None else {}
    query = {"to": PHONE, "message": "hello", "wait": "0"} | parameters
    return linked.client.get("/api/send", query_string=query, headers=bearer(linked.token), environ_overrides=given)


def sent(linked: Linked) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = linked.client.get("/api/messages", headers=bearer(linked.token)).get_json()["items"]
    return found


def test_the_header_and_the_parameter_are_the_same_key_in_every_script(linked: Linked) -> None:
    first = quick(linked, header=KEY.encode()).get_json()
    assert quick(linked, idempotency_key=KEY).get_json()["id"] == first["id"]
    assert [one["idempotency_key"] for one in sent(linked)] == [KEY]


def test_a_header_in_latin_1_is_the_same_key_too(linked: Linked) -> None:
    """As `fetch` of a browser or of Node writes it."""
    first = quick(linked, header="ação".encode("latin-1")).get_json()
    assert quick(linked, header="ação".encode()).get_json()["id"] == first["id"]
    assert [one["idempotency_key"] for one in sent(linked)] == ["ação"]


def test_the_length_of_a_key_is_counted_in_characters(linked: Linked) -> None:
    assert quick(linked, header=("é" * 255).encode()).status_code == 202
    assert quick(linked, header=("é" * 256).encode()).get_json()["errors"][0]["field"] == "idempotency_key"


@pytest.mark.parametrize("blank", ["", " ", "\t"])
def test_a_parameter_without_content_is_refused_as_a_header_is(linked: Linked, blank: str) -> None:
    answer = quick(linked, idempotency_key=blank)
    assert (answer.status_code, answer.get_json()["detail"]) == (422, "idempotency_key: is empty")
    as_json = {"to": PHONE, "message": "hello", "idempotency_key": blank}
    assert linked.client.post("/api/send", json=as_json, headers=bearer(linked.token)).status_code == 422
    assert sent(linked) == []


def test_two_different_keys_are_refused(linked: Linked) -> None:
    answer = quick(linked, header=b"one", idempotency_key="two")
    assert (answer.status_code, answer.get_json()["detail"]) == (422, "idempotency_key: is given twice")
    assert quick(linked, header=b"one", idempotency_key="one").status_code == 202
    assert len(sent(linked)) == 1


def test_a_message_that_was_stored_although_the_database_did_not_say_so_is_not_denied(
    linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It goes out. Whoever believed that nothing was stored would send it again, without the key."""
    store_really = Messages.add_many

    def store_and_lose_the_answer(self: Messages, made: Any) -> Any:
        store_really(self, made)
        raise DATABASE_DOWN[0]("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(Messages, "add_many", store_and_lose_the_answer)
        answer = linked.send(headers={"Idempotency-Key": "once"})
    assert (answer.status_code, answer.get_json()["code"]) == (503, "database_unavailable")
    assert "nothing was stored" not in answer.get_json()["detail"]
    assert "same Idempotency-Key" in answer.get_json()["detail"]
    (stored,) = sent(linked)
    again = linked.send(headers={"Idempotency-Key": "once"})
    assert (again.status_code, again.get_json()["id"]) == (200, stored["id"])


def test_a_key_that_is_used_anew_while_expired_ones_are_removed_is_kept(
    app: Flask, linked: Linked, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another worker removed it in between."""
    quick(linked, idempotency_key=KEY)
    keys, later = app.extensions["wabot"].store.idempotency, now() + IDEMPOTENCY_LIFETIME + timedelta(minutes=1)

    def remove(collection: Any, *arguments: Any) -> int:
        monkeypatch.setattr(idempotency, "remove", personal.remove)
        assert keys.remove_expired(later) == 1
        collection.insert_one({**kept, "expires_at": later + IDEMPOTENCY_LIFETIME})
        return personal.remove(collection, *arguments)

    [kept] = keys._keys.find({})
    monkeypatch.setattr(idempotency, "remove", remove)
    assert keys.remove_expired(later) == 0 and keys._keys.count_documents({}) == 1


def test_a_key_is_free_again_after_its_day(app: Flask, linked: Linked) -> None:
    first = linked.send(headers={"Idempotency-Key": KEY.encode().decode("latin-1")}).get_json()
    keys, later = app.extensions["wabot"].store.idempotency, now() + IDEMPOTENCY_LIFETIME
    assert keys.remove_expired(later - timedelta(minutes=1)) == 0
    assert quick(linked, idempotency_key=KEY).get_json()["id"] == first["id"]
    assert keys.remove_expired(later + timedelta(minutes=1)) == 1
    assert quick(linked, idempotency_key=KEY).get_json()["id"] != first["id"]
