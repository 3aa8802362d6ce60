"""The inbox over HTTP: every message once and in order, whatever is told again, by whom, and under which address."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.told import BO, Teller
from tests.support.web import Linked, bearer, register
from wabot.blueprints._context import services
from wabot.lib.clock import now
from wabot.services.incoming import Incoming
from wabot.store import chats as chat_store

LID_ONLY = {"phone": None, "lid": BO["lid"]}
PHONE_ONLY = {"phone": BO["phone"], "lid": None}


class Reader:
    """Whoever reads the inbox over the API."""

    def __init__(self, linked: Linked) -> None:
        self.linked = linked

    def get(self, path: str, token: str | None = None, **query: Any) -> Any:
        return self.linked.client.get(path, headers=bearer(token or self.linked.token), query_string=query)

    def post(self, path: str, token: str | None = None) -> Any:
        return self.linked.client.post(path, headers=bearer(token or self.linked.token))

    def chats(self, **query: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.get("/api/chats", **query).get_json()["items"]
        return found

    def texts(self, chat_id: str, limit: int = 200) -> list[str]:
        """Oldest first, page by page."""
        found: list[str] = []
        cursor: str | None = None
        while True:
            query = {"limit": limit, **({"cursor": cursor} if cursor else {})}
            page = self.get(f"/api/chats/{chat_id}/messages", **query).get_json()
            found += [one["message"] for one in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                return found[::-1]


@pytest.fixture
def teller(app: Flask, linked: Linked) -> Teller:
    return Teller(app, linked.client, linked.user["id"])


@pytest.fixture
def reader(linked: Linked) -> Reader:
    return Reader(linked)


def test_what_comes_in_is_a_chat_with_its_last_message_and_what_is_unread(teller: Teller, reader: Reader) -> None:
    assert reader.get("/api/chats").get_json() == {"items": [], "next_cursor": None}
    teller.tell("one", "two")
    [chat] = reader.chats()
    assert (chat["phone"], chat["lid"], chat["name"], chat["unread"]) == (BO["phone"], BO["lid"], "Bo", 2)
    last = chat["last_message"]
    assert (last["message"], last["direction"], last["status"], last["from"]) == ("two", "in", "received", BO["phone"])
    assert reader.texts(chat["id"]) == ["one", "two"]
    read = reader.post(f"/api/chats/{chat['id']}/read")
    assert (read.status_code, read.get_json()["unread"]) == (200, 0)
    assert reader.chats()[0]["unread"] == 0


def test_told_again_nothing_changes(teller: Teller, reader: Reader) -> None:
    batch = [teller.letter(f"message {n}") for n in range(30)]
    teller.post(*batch[:20])
    teller.post(*batch)
    again = deepcopy(batch)
    for event in again:  # after a restart of the gateway: other events of the same messages
        event["id"] = f"later-{event['seq']}"
        event["data"]["recovered"] = True
    teller.post(*again)
    [chat] = reader.chats()
    assert chat["unread"] == 30
    assert reader.texts(chat["id"]) == [f"message {n}" for n in range(30)]
    reader.post(f"/api/chats/{chat['id']}/read")
    for event in again:
        event["id"] = f"still-later-{event['seq']}"
    teller.post(*again)
    assert reader.chats()[0]["unread"] == 0


def test_a_process_that_dies_between_two_writes_counts_nothing_twice_and_loses_nothing(
    teller: Teller, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = [teller.letter(f"message {n}") for n in range(5)]
    original = Incoming._into_chats

    def before(self: Incoming, *arguments: Any) -> None:
        raise RuntimeError("killed")

    def after(self: Incoming, *arguments: Any) -> None:
        original(self, *arguments)
        raise RuntimeError("killed")

    for dying in (before, after, before):
        monkeypatch.setattr(Incoming, "_into_chats", dying)
        teller.post(*batch, expect=500)
    monkeypatch.setattr(Incoming, "_into_chats", original)
    teller.post(*batch)
    [chat] = reader.chats()
    assert (chat["unread"], reader.texts(chat["id"])) == (5, [one["data"]["body"] for one in batch])


def test_pages_are_in_order_and_whole(teller: Teller, reader: Reader) -> None:
    start = now() - timedelta(minutes=5)
    wanted = [f"number {n}" for n in range(60)]
    teller.post(*[teller.letter(body, at=start + timedelta(seconds=n // 7)) for n, body in enumerate(wanted)])
    [chat] = reader.chats()
    assert reader.texts(chat["id"], limit=7) == wanted


def test_own_messages_stand_among_those_that_came(teller: Teller, reader: Reader, linked: Linked) -> None:
    teller.tell("from Bo")
    sent = linked.send(to=BO["phone"], message="from wabot").get_json()
    teller.post(teller.letter("from the phone", from_me=True, at=now() + timedelta(seconds=1)))
    [chat] = reader.chats()
    page = reader.get(f"/api/chats/{chat['id']}/messages").get_json()["items"]
    shown = [(one["direction"], one["message"], one.get("origin")) for one in page[::-1]]
    assert ("out", "from wabot", None) in shown
    assert ("out", "from the phone", "phone") in shown
    assert ("in", "from Bo", None) in shown
    assert len(shown) == 3
    assert chat["unread"] == 0, "who answered on the phone has read there"
    assert reader.get(f"/api/messages/{sent['id']}").get_json()["status"] == "queued"


def test_a_message_of_ours_that_whatsapp_tells_of_is_the_same_message(
    app: Flask, teller: Teller, reader: Reader, linked: Linked
) -> None:
    sent = linked.send(to=BO["phone"], message="ours").get_json()
    with app.app_context():
        stored = services().store.messages.get(sent["id"])
    assert stored
    echo = teller.letter("ours", from_me=True, wa_message_id=stored.wa_message_id, ack="delivered")
    teller.post(echo)
    [chat] = reader.chats()
    assert reader.texts(chat["id"]) == ["ours"]
    assert reader.get(f"/api/messages/{sent['id']}").get_json()["status"] == "delivered"


def test_an_echo_that_comes_before_we_know_the_id_gives_way(app: Flask, teller: Teller, reader: Reader, linked: Linked) -> None:
    """An engine that doesn't let us choose the id: WhatsApp may tell of the message before the engine has answered."""
    sent = linked.send(to=BO["phone"], message="ours").get_json()
    teller.post(teller.letter("ours", from_me=True, wa_message_id="3EB0AAAAAAAAAAAAAAAAAA"))
    with app.app_context():
        message = services().store.messages.get(sent["id"])
        assert message
        services().store.messages.set_wa_id(message, "3EB0AAAAAAAAAAAAAAAAAA")
    [chat] = reader.chats()
    assert reader.texts(chat["id"]) == ["ours"]
    assert chat["last_message"]["id"] == sent["id"]


def test_one_person_under_lid_and_number_is_one_chat(teller: Teller, reader: Reader, linked: Linked) -> None:
    teller.tell("hidden 1", "hidden 2", chat=LID_ONLY)
    [hidden] = reader.chats()
    assert (hidden["phone"], hidden["lid"], hidden["unread"]) == (None, BO["lid"], 2)
    linked.send(to=BO["phone"], message="to the number")
    teller.tell("by number", chat=PHONE_ONLY)
    assert len(reader.chats()) == 2
    teller.tell("both", chat=BO)
    [chat] = reader.chats()
    assert (chat["phone"], chat["lid"], chat["unread"]) == (BO["phone"], BO["lid"], 4)
    assert sorted(reader.texts(chat["id"])) == ["both", "by number", "hidden 1", "hidden 2", "to the number"]
    assert reader.get(f"/api/chats/{hidden['id']}").get_json()["id"] == chat["id"], "the old address still leads there"
    teller.tell("later by LID", chat=LID_ONLY)
    assert [one["unread"] for one in reader.chats()] == [5]


def test_a_merge_cut_short_is_finished(app: Flask, teller: Teller, reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    teller.tell("one", "two", chat=LID_ONLY)
    teller.tell("three", chat=PHONE_ONLY)
    with app.app_context():
        chats = services().store.chats
    change, calls = chats.change, []

    def dying(chat: Any, changes: dict[str, Any]) -> bool:
        calls.append(changes)
        if "into" in changes and len(calls) < 5:
            raise RuntimeError("killed")
        return change(chat, changes)

    monkeypatch.setattr(chats, "change", dying)
    last = teller.letter("four", chat=BO)
    for _ in range(2):
        teller.post(last, expect=500)
    teller.post(last)
    [chat] = reader.chats()
    assert (chat["unread"], len(reader.texts(chat["id"]))) == (4, 4)


def test_who_has_a_number_that_there_is_not_any_more_can_be_answered(teller: Teller, reader: Reader, linked: Linked) -> None:
    """Benin's had eight digits until 2024."""
    benin = "+22997123456"
    assert linked.send(to=benin).get_json()["code"] == "invalid_number"
    teller.tell("bonjour", chat={"phone": benin, "lid": None})
    assert [linked.send(to=typed).status_code for typed in (benin, "229 97 12 34 56", "+22997123457")] == [202, 202, 422]
    [chat] = reader.chats()
    assert (chat["phone"], reader.texts(chat["id"])) == (benin, ["bonjour", "hello", "hello"])


@pytest.mark.parametrize("few", [1000, 1])
def test_search_session_and_unread_filters(teller: Teller, reader: Reader, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    """Unread chats are found in one way where there are few, in another where there are many."""
    monkeypatch.setattr(chat_store, "_FEW", few)
    for n, name in enumerate(["Ada Lovelace", "Grace Hopper", "عمر الخيام"]):
        teller.tell("hello", chat={"phone": f"+1202555010{n}", "lid": None}, push_name=name)
    assert [one["name"] for one in reader.chats()] == ["عمر الخيام", "Grace Hopper", "Ada Lovelace"]
    for text, found in [("grace", 1), ("555-0102", 1), ("+1 202", 3), ("الخيام", 1), ("nobody", 0), ("nobody 555", 0)]:
        assert len(reader.chats(q=text)) == found, text
    [ada] = reader.chats(q="ada")
    reader.post(f"/api/chats/{ada['id']}/read")
    assert [one["name"] for one in reader.chats(unread="true")] == ["عمر الخيام", "Grace Hopper"]
    assert reader.chats(session="other") == reader.chats(session="other", unread="true") == []
    newest = reader.get("/api/chats", unread="true", limit=1).get_json()
    older = reader.get("/api/chats", unread="true", limit=1, cursor=newest["next_cursor"]).get_json()
    assert [one["name"] for one in newest["items"] + older["items"]] == ["عمر الخيام", "Grace Hopper"]
    assert older["next_cursor"] is None and reader.chats(unread="true", q="ada") == []
    first = reader.get("/api/chats", limit=2).get_json()
    rest = reader.get("/api/chats", limit=2, cursor=first["next_cursor"]).get_json()
    assert [one["name"] for one in rest["items"]] == ["Ada Lovelace"]


def test_somebody_elses_chat_is_not_there(app: Flask, teller: Teller, reader: Reader) -> None:
    teller.tell("private")
    [chat] = reader.chats()
    stranger = register(app.test_client())["token"]
    assert reader.get("/api/chats", stranger).get_json()["items"] == []
    for path in (f"/api/chats/{chat['id']}", f"/api/chats/{chat['id']}/messages"):
        assert reader.get(path, stranger).status_code == 404
    assert reader.post(f"/api/chats/{chat['id']}/read", stranger).status_code == 404
    assert reader.chats()[0]["unread"] == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"chat": {"phone": "12", "lid": None}},
        {"chat": {"phone": None, "lid": None}},
        {"body": None},
        {"at": "yesterday"},
        {"quoted": {"wa_message_id": 5}},
        {"media": "a file"},
    ],
)
def test_what_cannot_be_read_holds_nothing_up(teller: Teller, reader: Reader, broken: dict[str, Any]) -> None:
    teller.post(teller.letter("before"), teller.broken(**broken), teller.letter("after"))
    [chat] = reader.chats()
    assert (chat["unread"], reader.texts(chat["id"])) == (2, ["before", "after"])


def test_half_a_character_is_kept_as_a_mark_of_it(teller: Teller, reader: Reader) -> None:
    teller.tell("cut \ud83d")
    assert reader.texts(reader.chats()[0]["id"]) == ["cut \ufffd"]


def test_the_longest_there_is_gets_through(teller: Teller, reader: Reader) -> None:
    """JSON needs six bytes for each of its characters; everything else the engines cut as long as this."""
    worst = "\x01"
    quoted = {"wa_message_id": "3" * 64, "body": worst * 500, "kind": worst * 40, "from_me": True}
    media = {"mimetype": worst * 120, "filename": worst * 240, "size": 2**53 - 1}
    names = {"push_name": worst * 200, "contact_name": worst * 200, "kind": worst * 40}
    longest = teller.letter(worst * 65_536, quoted=quoted, media=media, **names)
    assert 390 * 1024 < len(json.dumps(longest)) < 400 * 1024, "as docs/internals.md says"
    teller.post(longest)
    assert reader.texts(reader.chats()[0]["id"]) == [worst * 65_536]


def test_a_quoted_message_is_told_with_its_answer(teller: Teller, reader: Reader) -> None:
    quoted = {"wa_message_id": "3A00000000000000", "body": "tea?", "kind": "text", "from_me": True}
    teller.tell("yes", quoted=quoted, recovered=True)
    message = reader.chats()[0]["last_message"]
    assert (message["quoted"], message["recovered"], message["kind"]) == (quoted, True, "text")
