"""Files of incoming messages: fetched once, kept for their owner alone, and given out so that no browser is fooled."""

from __future__ import annotations

import hashlib
import os
import re
import zlib
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from tests.support.told import Teller
from tests.support.waiting import wait_until
from tests.support.web import Linked, bearer, register
from wabot.blueprints._context import services
from wabot.lib.clock import now
from wabot.lib.gateway import FetchedMedia, Gateway, MediaRefused
from wabot.services import Services
from wabot.services.media_fetcher import MediaFetcher
from wabot.worker import guarded

PNG = b"\x89PNG\r\n\x1a\n" + zlib.compress(b"not much of a picture" * 50) + b"\0" * 300
HTML = b"<!doctype html><script>alert(document.cookie)</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


class Files:
    """What the gateway does when it is asked for a file: it lies in the spool then."""

    def __init__(self, known: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        self.known = known
        self.spool = known.settings.data / "media" / "incoming"
        self.answers: list[bytes | str] = []
        self.asked: list[dict[str, Any]] = []
        monkeypatch.setattr(Gateway, "media", lambda _, session_id, wanted: self._answer(session_id, wanted))

    def _answer(self, session_id: str, wanted: dict[str, Any]) -> FetchedMedia:
        self.asked.append(wanted)
        answer = self.answers.pop(0)
        if isinstance(answer, str):
            raise MediaRefused(answer)
        name = f"{session_id}-{wanted['wa_message_id']}"
        self.spool.mkdir(parents=True, exist_ok=True)
        (self.spool / name).write_bytes(answer)
        return FetchedMedia(name, len(answer), hashlib.sha256(answer).hexdigest())

    def work(self) -> int:
        """What the worker does with all that is due."""
        due = self.known.media.due(100)
        for one in due:
            self.known.media.fetch(one)
        return len(due)


@pytest.fixture
def teller(app: Flask, linked: Linked) -> Teller:
    return Teller(app, linked.client, linked.user["id"])


@pytest.fixture
def files(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Files:
    with app.app_context():
        return Files(services(), monkeypatch)


class Owner:
    def __init__(self, linked: Linked) -> None:
        self.client, self.headers = linked.client, bearer(linked.token)

    def message(self) -> dict[str, Any]:
        chat = self.client.get("/api/chats", headers=self.headers).get_json()["items"][0]
        found: dict[str, Any] = chat["last_message"]
        return found

    def file(self, message_id: str, **headers: str) -> Any:
        return self.client.get(f"/api/messages/{message_id}/media", headers={**self.headers, **headers}, buffered=True)


@pytest.fixture
def owner(linked: Linked) -> Owner:
    return Owner(linked)


def attached(mimetype: str = "image/png", size: int | None = len(PNG), filename: str | None = None) -> dict[str, Any]:
    return {"kind": "image", "media": {"mimetype": mimetype, "filename": filename, "size": size}}


def test_a_file_comes_back_byte_by_byte(teller: Teller, files: Files, owner: Owner) -> None:
    teller.tell("look", **attached())
    message = owner.message()
    assert (message["media"]["status"], message["media"]["url"]) == ("pending", f"/api/messages/{message['id']}/media")
    pending = owner.file(message["id"])
    assert (pending.status_code, pending.get_json()["code"]) == (409, "media_pending")
    files.answers = [PNG]
    assert files.work() == 1
    assert files.work() == 0
    media = owner.message()["media"]
    assert (media["status"], media["type"], media["size"]) == ("stored", "image/png", len(PNG))
    answer = owner.file(message["id"])
    assert (answer.status_code, answer.data) == (200, PNG)
    assert answer.headers["Content-Length"] == str(len(PNG))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    part = owner.file(message["id"], Range="bytes=8-11")
    assert (part.status_code, part.data) == (206, PNG[8:12])
    assert list(files.spool.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "claimed", "kind"),
    [
        (HTML, "image/png", "application/octet-stream"),
        (SVG, "image/svg+xml", "application/octet-stream"),
        (b"%PDF-1.7 ...", "application/pdf", "application/octet-stream"),
        (b"", "image/png", "application/octet-stream"),
        (b"OggS\x00\x02" + b"\0" * 60, "text/html", "audio/ogg"),
        (b"\0\0\0\x18ftypmp42" + b"\0" * 60, "video/mp4", "video/mp4"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + b"\0" * 60, "image/jpeg", "image/jpeg"),
        (b"RIFF\x24\0\0\0WEBPVP8X" + b"\0" * 60, "image/webp", "image/webp"),
        (b"\0\0\0\x20ftypM4A " + b"\0" * 60, "audio/mp4", "audio/mp4"),
        (b"\0\0\0\x20ftypheic" + b"\0" * 60, "image/heic", "application/octet-stream"),
    ],
)
def test_a_file_is_given_out_as_what_it_is(
    teller: Teller, files: Files, owner: Owner, content: bytes, claimed: str, kind: str
) -> None:
    teller.tell("", **attached(claimed, len(content), 'a"b\r\nSet-Cookie: x=1;<b>.html'))
    files.answers = [content]
    files.work()
    answer = owner.file(owner.message()["id"])
    assert (answer.status_code, answer.mimetype, answer.data) == (200, kind, content)
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith("attachment" if kind == "application/octet-stream" else "inline")
    assert "Set-Cookie" not in answer.headers
    assert "\n" not in disposition


@pytest.mark.parametrize(
    ("content", "ending"),
    [
        (PNG, ".png"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\0" + b"\0" * 60, ".jpg"),
        (b"OggS\x00\x02" + b"\0" * 60, ".ogg"),
        (b"what?", ""),
    ],
)
def test_a_file_without_a_name_gets_the_ending_of_what_it_is(
    teller: Teller, files: Files, owner: Owner, content: bytes, ending: str
) -> None:
    teller.tell("", **attached("text/html", len(content)))
    files.answers = [content]
    files.work()
    disposition = owner.file(owner.message()["id"]).headers["Content-Disposition"]
    assert re.search(rf"filename=image-[\d-]+{re.escape(ending)}$", disposition), disposition


def test_somebody_elses_file_is_not_there(app: Flask, teller: Teller, files: Files, owner: Owner) -> None:
    teller.tell("mine", **attached())
    files.answers = [PNG]
    files.work()
    message_id = owner.message()["id"]
    client = app.test_client()
    stranger = bearer(register(client)["token"])
    assert client.get(f"/api/messages/{message_id}/media", headers=stranger).status_code == 404
    assert client.post(f"/api/messages/{message_id}/media/fetch", headers=stranger).status_code == 404
    assert client.get(f"/api/messages/{message_id}/media").status_code == 401


def test_what_is_too_large_says_so_and_may_be_asked_for_again(teller: Teller, files: Files, owner: Owner) -> None:
    teller.tell("big", **attached())
    files.answers = ["media_too_large"]
    files.work()
    message = owner.message()
    assert (message["media"]["status"], message["media"]["error"]) == ("failed", "media_too_large")
    assert owner.file(message["id"]).get_json()["code"] == "media_too_large"
    again = owner.client.post(f"/api/messages/{message['id']}/media/fetch", headers=owner.headers)
    assert (again.status_code, again.get_json()["media"]["status"]) == (202, "pending")
    files.answers = [PNG]
    files.work()
    assert owner.file(message["id"]).data == PNG
    assert owner.client.post(f"/api/messages/{message['id']}/media/fetch", headers=owner.headers).status_code == 409


def test_it_waits_for_the_session_and_gives_up_in_the_end(
    teller: Teller, files: Files, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller.tell("later", **attached())
    ahead = timedelta(0)
    monkeypatch.setattr("wabot.services.media.now", lambda: now() + ahead)
    for _ in range(10):
        files.answers = ["session_not_connected"]
        assert files.work() == 1
        assert files.work() == 0, "not again at once"
        ahead += timedelta(minutes=1)
    tries = 0
    while owner.message()["media"]["status"] == "pending":
        files.answers = ["media_unavailable"]
        tries += files.work()
        ahead += timedelta(minutes=10)
    assert (tries, owner.message()["media"]["error"]) == (6, "media_unavailable")


@pytest.mark.parametrize("code", ["session_not_found", "gateway_unavailable"])
def test_it_waits_for_a_gateway_that_is_being_restarted(
    teller: Teller, files: Files, owner: Owner, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    teller.tell("in between", **attached())
    ahead = timedelta(0)
    monkeypatch.setattr("wabot.services.media.now", lambda: now() + ahead)
    for _ in range(10):
        files.answers = [code]
        assert files.work() == 1
        ahead += timedelta(minutes=10)
    files.answers = [PNG]
    files.work()
    assert owner.message()["media"]["status"] == "stored"


def test_of_a_session_that_was_deleted_it_is_gone(teller: Teller, files: Files, owner: Owner) -> None:
    teller.tell("too late", **attached())
    files.known.store.sessions.remove(teller.session.user_id, teller.session.id)
    files.answers = ["session_not_found"]
    files.work()
    assert owner.message()["media"]["error"] == "media_gone"


def test_no_user_takes_more_than_their_room(
    app: Flask, teller: Teller, files: Files, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    object.__setattr__(files.known.media, "quota_bytes", len(PNG) + 10)
    teller.tell("fits", **attached())
    files.answers = [PNG]
    files.work()
    assert owner.message()["media"]["status"] == "stored"
    teller.tell("too much", at=now() + timedelta(seconds=1), **attached())
    files.work()
    assert owner.message()["media"]["error"] == "media_quota"
    assert len(files.asked) == 1, "what can't be kept isn't fetched"
    teller.tell("says it is small", at=now() + timedelta(seconds=2), **attached(size=1))
    files.answers = [PNG + b"x"]
    files.work()
    assert owner.message()["media"]["error"] == "media_quota"
    assert list(files.spool.iterdir()) == []


def test_killed_between_the_file_and_its_note_the_next_finds_it(
    teller: Teller, files: Files, owner: Owner, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller.tell("look", **attached())
    files.answers = [PNG, PNG]
    messages = files.known.store.messages
    set_media = messages.set_media

    def dying(*_: Any) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr(messages, "set_media", dying)
    with pytest.raises(RuntimeError):
        files.work()
    monkeypatch.setattr(messages, "set_media", set_media)
    assert files.work() == 0, "its lease still runs"
    monkeypatch.setattr("wabot.services.media.now", lambda: now() + timedelta(minutes=5))
    files.work()
    assert owner.file(owner.message()["id"]).data == PNG


def test_with_the_account_its_files_go(app: Flask, teller: Teller, files: Files, owner: Owner, linked: Linked) -> None:
    teller.tell("look", **attached())
    files.answers = [PNG]
    files.work()
    kept = list((files.known.settings.data / "media" / "owners").glob("*/*/*"))
    assert [one.name for one in kept] == [hashlib.sha256(PNG).hexdigest()]
    assert kept[0].parent.stat().st_mode & 0o077 == 0
    files.known.media.files.erase(linked.user["id"])
    assert owner.file(owner.message()["id"]).status_code == 404


def test_what_nobody_took_is_swept_again_and_again(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wabot.services.media_fetcher.SWEEP_EVERY", 0.05)
    files.spool.mkdir(parents=True, exist_ok=True)
    fetcher = MediaFetcher(files.known.media, guarded)
    fetcher.start()
    try:
        for name in ("first", "later"):
            (files.spool / name).write_bytes(PNG)
            os.utime(files.spool / name, (0, 0))
            wait_until(lambda: fetcher.ring() or not list(files.spool.iterdir()), 10, f"the {name} is swept")
    finally:
        fetcher.stop()
