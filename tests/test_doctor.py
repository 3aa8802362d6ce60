"""`flask --app wsgi doctor`: every dependency, and what to do about it; and commands with settings that can't be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.support.mailbox import Receiver, receiving
from tests.support.stack import ROOT, environment
from wabot import cli
from wabot.config import Settings
from wabot.launching import checkup


def looked_at(settings: Settings, app: Flask, **changed: Any) -> dict[str, tuple[bool, str]]:
    services = app.extensions["wabot"]
    chosen = type(services)(**{**vars(services), "settings": settings.model_copy(update=changed)})
    return {one.name: (one.fine, one.words) for one in checkup.findings(chosen)}


def test_what_is_missing_is_named_with_the_way_out(app: Flask, settings: Settings) -> None:
    cli.register(app)
    answer = app.test_cli_runner().invoke(args=["doctor"])
    assert answer.exit_code == 1
    lines = answer.output.splitlines()
    assert (
        "ok    db: answers" in lines
        and f"FAIL  gateway: doesn't answer. {settings.data}/logs/gateway.log says why" in answer.output
    )
    assert f"`WABOT_DATA={settings.data} make status` shows whether it runs" in answer.output, "also where WABOT_DATA isn't ./var"
    assert any(line.startswith(("ok    node: v", "ok    browser: Chromium")) for line in lines)
    assert any(line.startswith(f"ok    data: {settings.data}") for line in lines)
    assert any(line.startswith("ok    light engine: baileys 7") and "GPL-3.0" in line for line in lines)
    settings.data.chmod(0o755)
    bad = looked_at(
        settings, app, redis_url="redis://127.0.0.1:1", smtp_url="smtp://127.0.0.1:1", chromium_path=Path("/no/browser")
    )
    for name, words in {"redis": "REDIS_URL", "mail": "SMTP_URL", "browser": "CHROMIUM_PATH", "data": "chmod 700"}.items():
        assert not bad[name][0] and words in bad[name][1], name
    insecure = looked_at(settings, app, env="production")
    assert not insecure["mail"][0], "nobody gets a link for a forgotten password"
    assert not insecure["proxies"][0] and "TRUSTED_PROXIES" in insecure["proxies"][1]


def test_the_mail_server_is_asked_and_sent_nothing(app: Flask, settings: Settings) -> None:
    receiver = Receiver()
    with receiving(receiver) as url:
        assert looked_at(settings, app, smtp_url=url)["mail"] == (True, "the SMTP server answers")
    assert receiver.mails == []


@pytest.mark.parametrize("command", [["doctor"], ["create-admin", "me@example.com", "--password", "a horse of my own"]])
def test_bad_settings_are_named_and_no_value_is_shown(tmp_path: Path, command: list[str]) -> None:
    env = environment(tmp_path, WABOT_ENV="production", SECRET_KEY="much-too-short-secret", WABOT_PORT="http")
    flask = [sys.executable, "-m", "flask", "--app", "wsgi", *command]
    done = subprocess.run(flask, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "WABOT_PORT:" in done.stderr and "Traceback" not in done.stderr
    assert "much-too-short" not in done.stdout + done.stderr
