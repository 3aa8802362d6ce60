"""A backup of the running product, a start on it, and a database copied into another."""

from __future__ import annotations

import os
import re
import subprocess
import tarfile
from datetime import timedelta
from pathlib import Path

import pytest
from bson import ObjectId
from flask import Flask
from pymongo import MongoClient

from tests.support.database import Database
from tests.support.stack import ROOT, Stack
from tests.support.web import Linked
from wabot.blueprints._context import services
from wabot.config import ConfigError, Settings
from wabot.launching import backup
from wabot.launching.backup import RESTORED, standing_still
from wabot.lib.clock import now, to_rfc3339
from wabot.store.connection import OPTIONS
from wabot.store.copying import NotEmpty


def test_a_backup_of_the_running_product(stack: Stack, tmp_path: Path) -> None:
    archive = tmp_path / "wabot.tar.gz"
    command = [str(ROOT / ".venv/bin/flask"), "--app", "wsgi", "backup", str(archive)]
    done = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"wabot stood still for \d+\.\d s", done.stdout)
    assert archive.stat().st_mode & 0o777 == 0o600
    with tarfile.open(archive) as tar:
        names = {name.removeprefix("./").partition("/")[0] for name in tar.getnames()}
    assert names >= {"db", "gateway", "sandbox", "secrets", RESTORED}
    assert names & {"run", "logs"} == set()
    assert all(stack.checks().values())
    again = subprocess.run(command, cwd=ROOT, env=stack.env, capture_output=True, text=True, timeout=60, check=False)
    assert again.returncode == 1
    assert "is there already" in again.stderr


def test_no_backup_goes_into_what_it_is_a_copy_of(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").symlink_to(settings.data)
    for target in (
        settings.data / "wabot.tar.gz",
        settings.data / "logs" / "wabot.tar.gz",
        tmp_path / "elsewhere" / "wabot.tar.gz",
    ):
        with pytest.raises(ConfigError, match="lies within WABOT_DATA"):
            backup.write(settings, target)
    assert not list(settings.data.rglob("*.tar.gz"))


def test_who_stands_still_goes_on_though_the_backup_is_killed() -> None:
    sleeper = subprocess.Popen(["cat"], stdin=subprocess.PIPE)
    try:
        with standing_still([sleeper.pid]):
            assert _state(sleeper.pid) == "T"
        assert _state(sleeper.pid) in "SR"
        code = (
            f"from wabot.launching.backup import standing_still as s\nimport os\nwith s([{sleeper.pid}]): os.kill(os.getpid(), 9)"
        )
        subprocess.run([str(ROOT / ".venv/bin/python"), "-c", code], cwd=ROOT, check=False)
        os.waitid(os.P_PID, sleeper.pid, os.WCONTINUED)
    finally:
        sleeper.kill()
        sleeper.communicate()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_after_a_restore_whatsapp_is_asked_first(app: Flask, linked: Linked) -> None:
    message = linked.send().get_json()["id"]
    later = linked.send(send_at="2027-01-31T12:00:00Z").get_json()["id"]
    with app.app_context():
        note = services().settings.data / RESTORED
        services().restored.settle()
        assert services().messages.one(linked.user["id"], message).status == "queued"
        note.touch()
        services().restored.settle()
        assert not note.exists()
        found = services().messages.one(linked.user["id"], message)
        assert (found.status, found.timeline[-1]["detail"]) == ("unknown", "restored from a backup")
        assert services().messages.one(linked.user["id"], later).status == "scheduled"


def test_after_a_restore_whatsapp_is_asked_for_what_fell_due_meanwhile_too(app: Flask, linked: Linked) -> None:
    late = linked.send(send_at=to_rfc3339(now() + timedelta(hours=1))).get_json()["id"]
    with app.app_context():
        was_due = {"due": to_rfc3339(now() - timedelta(minutes=5)), "send_at": now() - timedelta(minutes=5)}
        services().store._db["messages"].update_one({"_id": ObjectId(late)}, {"$set": was_due})
        (services().settings.data / RESTORED).touch()
        services().restored.settle()
        assert services().schedule.promote() == 0
        found = services().messages.one(linked.user["id"], late)
        assert [one["status"] for one in found.timeline] == ["scheduled", "queued", "unknown"]
        assert services().store.outbox.queue(found.session_id) == [late], "its lane looks it up"


def test_a_database_copied_into_another(app: Flask, linked: Linked, database: Database) -> None:
    sent = linked.send().get_json()["id"]
    uri = database.new_uri()
    with app.app_context():
        copied = dict(services().store.copy_to(uri, OPTIONS))
        assert copied["messages"] == 1
        with pytest.raises(NotEmpty):
            dict(services().store.copy_to(uri, OPTIONS))
    with MongoClient[dict[str, object]](uri) as client:
        kept = client.get_default_database()
        assert str(next(kept["messages"].find())["_id"]) == sent
        assert len(kept["messages"].index_information()) > 1
