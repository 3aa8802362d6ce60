"""The command that listens: where it passes events on to, what it refuses, and how it prints what strangers wrote."""

from __future__ import annotations

import html
import json
import re
import select
import shlex
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest
from click.testing import CliRunner
from flask import Flask

from tests.support.answering import answering
from tests.support.pages import Browser
from tests.support.web import email
from wabot import cli
from wabot.lib import listening
from wabot.lib.clock import now
from wabot.listen import listen

EVENT = {
    "id": "evt_1", "type": "message.received", "at": "2026-01-31T12:00:00.000Z", "session": "default",
    "payload": json.dumps({"message": "a \x1b[2J \x9b2J \u202egnp.exe"}, ensure_ascii=False),
}  # fmt: skip


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, datetime | None]]:
    """Which wabot was listened to, and from when on; it has one event, and is away then."""
    calls: list[tuple[str, datetime | None]] = []

    def events(listener: listening.Listener, since: datetime | None, _: object) -> Iterator[listening.Event | None]:
        calls.append((listener.url, since))
        yield from (EVENT, None, None)

    monkeypatch.setattr(listening.Listener, "events", events)
    return calls


def test_what_strangers_wrote_gives_the_terminal_no_orders(begun: list[tuple[str, datetime | None]]) -> None:
    done = CliRunner().invoke(listen, ["--url", "https://wabot.example.com/", "--key", "wb_x", "--since", "2h"])
    assert done.exit_code == 0
    assert not any(one in done.stdout for one in "\x1b\x9b\u202e")
    assert json.loads(done.stdout.splitlines()[1]) == json.loads(EVENT["payload"])
    assert done.stderr.count("can't be reached") == 1
    [(url, since)] = begun
    assert url == "https://wabot.example.com"
    assert since and timedelta(hours=2) <= now() - since < timedelta(hours=2, minutes=1)


def test_who_is_cut_off_goes_on_where_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first answer on, which is not waited for: what comes while a call is cut off is heard by the next."""
    asked: list[dict[str, str]] = []

    def page(path: str) -> dict[str, Any] | None:
        asked.append(dict(parse_qsl(path.partition("?")[2])))
        if len(asked) == 2:
            return None
        return {"items": [EVENT] if len(asked) > 2 else [], "next_cursor": f"c{len(asked)}"}

    monkeypatch.setattr(listening, "_AGAIN_AFTER", 0)
    with answering(page) as url:
        heard = listening.Listener(url, "wb_x").events(None, lambda: None)
        assert [next(heard), next(heard)] == [None, EVENT]
    assert [(one.get("cursor"), float(one["wait"]) > 0) for one in asked] == [(None, False), ("c1", True), ("c1", True)]


def test_it_says_that_it_listens_when_it_misses_nothing_any_more() -> None:
    """The first answer has the point to go on from: what happens before that is not heard."""
    command = [sys.executable, "-m", "wabot.listen", "--key", "wb_x", "--url"]
    said_before: list[bool] = []

    def page(_: str) -> dict[str, Any]:
        said_before.append(bool(select.select([listener.stderr], [], [], 0)[0]))
        return {"items": [], "next_cursor": "c1"}

    with answering(page) as url, subprocess.Popen([*command, url], stderr=subprocess.PIPE, bufsize=0) as listener:
        assert listener.stderr
        said = listener.stderr.readline()
        listener.kill()
    assert said_before[0] is False
    assert said.decode() == f"Listening to {url}. Ctrl-C ends it.\n"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (["--forward", "http://10.0.0.1:3000/"], "--forward"),
        (["--forward", "https://example.com/"], "--forward"),
        (["--forward", "99999"], "--forward"),
        (["--forward", "http://[::1/"], "--forward"),
        (["--secret", "whsec_short"], "--secret"),
        (["--since", "yesterday"], "--since"),
        (["--url", ""], "--url"),
        (["--url", "wabot.example.com"], "--url"),
        (["--url", "ftp://wabot.example.com"], "--url"),
        (["--url", "http://:8000"], "--url"),
    ],
)
@pytest.mark.usefixtures("begun")
def test_a_bad_option_is_refused_by_name(asked: list[str], named: str) -> None:
    done = CliRunner().invoke(listen, ["--url", "http://127.0.0.1:1", "--key", "wb_x", *asked])
    assert done.exit_code == 2
    assert named in done.stderr


def test_something_else_at_the_address_is_no_wabot() -> None:
    with answering(lambda _: {"hello": "world"}) as url:
        done = CliRunner().invoke(listen, ["--url", url, "--key", "wb_x"])
    assert (done.exit_code, done.stderr) == (1, "Error: What answers at this address is no wabot.\n")


def test_by_default_it_listens_to_the_one_that_is_set_up_here(app: Flask, begun: list[tuple[str, datetime | None]]) -> None:
    cli.register(app)
    done = app.test_cli_runner().invoke(args=["listen", "--key", "wb_x"])
    assert done.exit_code == 0, done.output
    assert begun == [(app.extensions["wabot"].settings.public_url, None)]


def test_the_command_the_page_shows_listens_to_this_wabot_from_anywhere(
    app: Flask, begun: list[tuple[str, datetime | None]]
) -> None:
    page = html.unescape(Browser(app).register(email()).open("/webhooks").get_data(as_text=True))
    assert "on your own machine" in page
    shown = re.search(r'<code id="listen">(.*?)</code>', page, re.S)
    assert shown
    setting, python, *arguments = shlex.split(re.sub(r"<[^>]+>", "", shown[1]))
    assert (python, arguments[:2]) == (".venv/bin/python", ["-m", "wabot.listen"])
    name, _, key = setting.partition("=")
    done = CliRunner().invoke(listen, arguments[2:], env={name: key})
    assert done.exit_code == 0, done.output
    [(url, since)] = begun
    assert url == app.extensions["wabot"].settings.public_url and since
