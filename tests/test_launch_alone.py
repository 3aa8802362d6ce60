"""`python -m wabot.launch web`, `worker` and `gateway`: each program by itself, as in containers that share data and loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.database import Database
from tests.support.processes import processes_of
from tests.support.stack import ROOT, Stack
from tests.support.waiting import wait_until
from wabot.launching import data
from wabot.lib.files import write_synced

COMMANDS = {"web": "gunicorn", "worker": "wabot.worker", "gateway": "node_wa/server.js"}


@pytest.fixture
def house(database: Database) -> Iterator[Stack]:
    """Ports, data and settings; what starts on them is ended by the test."""
    made = Stack(MONGO_URI=database.new_uri(), WABOT_SANDBOX="0", WABOT_DEFAULT_NETWORK="live")
    yield made
    assert not processes_of(made.data)
    made.remove()


def launched(house: Stack, program: str) -> subprocess.Popen[bytes]:
    with (house.data / f"{program}.out").open("wb") as out:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", sys.executable, "-m", "wabot.launch", program],
            cwd=ROOT, env=house.env, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip


def test_the_programs_alone_make_up_a_wabot(house: Stack) -> None:
    running = {name: launched(house, name) for name in COMMANDS}
    try:
        wait_until(house.ready, 60, "everything is there")
        assert house.checks() == {"db": True, "gateway": True, "worker": True}
        for name, process in running.items():
            arguments = Path(f"/proc/{process.pid}/cmdline").read_text().split("\0")
            assert any(one.endswith(COMMANDS[name]) for one in arguments), f"{name} is {arguments}"
    finally:
        for process in running.values():
            process.terminate()
        assert [process.wait(timeout=30) for process in running.values()] == [0, 0, 0]


@pytest.mark.parametrize(
    ("program", "settings", "status", "words"),
    [
        ("web", {"MONGO_URI": ""}, 2, "MONGO_URI: is needed"),
        ("worker", {"WABOT_PORT": "x"}, 2, "WABOT_PORT: "),
        ("db", {}, 1, "db is none of web, worker, gateway"),
    ],
)
def test_what_cannot_start_alone_says_why(house: Stack, program: str, settings: dict[str, str], status: int, words: str) -> None:
    command = [sys.executable, "-m", "wabot.launch", program]
    done = subprocess.run(command, cwd=ROOT, env=house.env | settings, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, words in done.stderr) == (status, True), done.stderr


def test_programs_that_start_at_once_make_each_secret_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of containers have the same pid, and all see the same WABOT_DATA."""
    found = []

    def starts_meanwhile(path: Path, content: bytes) -> None:
        write_synced(path, content)
        monkeypatch.setattr(data, "write_synced", write_synced)
        data.make_secrets(tmp_path)
        found.extend(path.read_text() for path in made)

    (tmp_path / "secrets").mkdir()
    made = [tmp_path / "secrets" / name for name in data.SECRETS]
    monkeypatch.setattr(data, "write_synced", starts_meanwhile)
    data.make_secrets(tmp_path)
    assert [path.read_text() for path in made] == found
    assert sorted((tmp_path / "secrets").iterdir()) == sorted(made)
