"""A WABOT_DATA that can't be used: whoever starts wabot reads why, and what to do; and what it keeps from one start to the next."""

from __future__ import annotations

import os
import pwd
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import ROOT, Stack
from wabot.config import ConfigError
from wabot.launching import data
from wabot.launching.data import usable


@pytest.fixture
def unused() -> Iterator[Stack]:
    """A wabot that is never started; its ports are free."""
    made = Stack()
    yield made
    made.remove()


def launched(stack: Stack, directory: Path, *before: str) -> tuple[int, str]:
    """The exit status, and what the terminal shows."""
    command, env = [*before, sys.executable, "-m", "wabot.launch"], stack.env | {"WABOT_DATA": str(directory)}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def words(path: Path, error: type[OSError], number: int) -> str:
    with pytest.raises(ConfigError) as refused, usable(path):
        raise error(number, os.strerror(number), str(path))
    return refused.value.problems["WABOT_DATA"]


def test_a_disk_that_takes_nothing_more_is_named(unused: Stack, tmp_path: Path) -> None:
    status, said = launched(unused, tmp_path / "var", "prlimit", "--fsize=0")
    assert (status, "Traceback" in said) == (2, False)
    assert f"WABOT_DATA: {tmp_path}/var can't be used: File too large" in said
    assert not [*(tmp_path / "var" / "secrets").iterdir()], "no half a secret is left"


def test_what_is_no_directory_is_named(unused: Stack, tmp_path: Path) -> None:
    (tmp_path / "var").touch()
    status, said = launched(unused, tmp_path / "var")
    assert (status, f"WABOT_DATA: {tmp_path}/var is not a directory" in said) == (2, True), said


def test_files_of_another_user_are_named_with_the_command_that_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Mostly root's, after wabot was started once with sudo."""
    owner = pwd.getpwuid(os.geteuid()).pw_name
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    said = words(tmp_path, PermissionError, 1)
    assert f"{tmp_path} belongs to {owner}" in said and f"`chown -R 54321 {tmp_path}`" in said
    assert words(tmp_path / "missing", PermissionError, 13) == f"{tmp_path}/missing can't be made: Permission denied"


def test_a_program_s_file_that_it_could_not_write_is_found_before_it_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data.prepare(tmp_path)
    log = tmp_path / "logs" / "db.log"
    log.touch()
    monkeypatch.setattr(os, "access", lambda path, _: Path(path) != log)
    with pytest.raises(ConfigError, match=r"db\.log can't be used: Permission denied"):
        data.prepare(tmp_path)


def test_the_database_keeps_its_port_while_nobody_else_takes_it(unused: Stack) -> None:
    """So that who runs beside, such as a second web process, finds it again after a restart."""
    code = "import os; from wabot.launch import prepare; print(prepare(os.environ)[1]['WABOT_DB_PORT'])"

    def chosen() -> int:
        return int(subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, env=unused.env, text=True, timeout=30))

    port = chosen()
    assert chosen() == port
    with socket.create_server(("127.0.0.1", port)):
        other = chosen()
    assert other != port
    assert chosen() == other == int((unused.data / "run" / "db.port").read_text())
