"""Workers that come and go are rung at once, although their sockets aren't looked for with each ring."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from wabot.lib.bell import Bell, BellSocket
from wabot.lib.wake import Doorbell, WakeUps


@pytest.fixture
def wakes(tmp_path: Path) -> Iterator[WakeUps]:
    made = WakeUps(tmp_path)
    yield made
    made.close()


def let_it_settle(run_dir: Path) -> None:
    """As if nothing had changed in it for a minute."""
    then = time.time() - 60
    os.utime(run_dir, (then, then))


def test_a_worker_is_rung_as_soon_as_it_listens_and_no_longer(wakes: WakeUps, tmp_path: Path) -> None:
    for _ in range(3):
        let_it_settle(tmp_path)
        assert not wakes.listening()
        with Doorbell(tmp_path) as doorbell:
            wakes.ring({"session": "user"})
            assert doorbell.wait(1).lanes == {"session": "user"}
            let_it_settle(tmp_path)
            wakes.ring({"other": "user"})
            assert doorbell.wait(1).lanes == {"other": "user"}


def test_the_sockets_are_not_looked_for_with_each_ring(wakes: WakeUps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[str] = []
    glob = Path.glob
    with Doorbell(tmp_path) as doorbell:
        let_it_settle(tmp_path)
        monkeypatch.setattr(Path, "glob", lambda path, pattern: looks.append(pattern) or glob(path, pattern))
        for _ in range(5):
            wakes.ring()
        assert doorbell.wait(1).others
    assert len(looks) == 1


def test_without_a_directory_nobody_listens(wakes: WakeUps, tmp_path: Path) -> None:
    tmp_path.rmdir()
    assert not wakes.listening()


def test_bells_of_one_directory_ring_their_own_sockets_only(tmp_path: Path) -> None:
    with BellSocket(tmp_path, "hooks") as hooks, Doorbell(tmp_path) as doorbell:
        bell = Bell(tmp_path, "hooks")
        assert bell.ring()
        assert bell.ring(b"more")
        assert hooks.wait(1) == [b"", b"more"]
        assert hooks.wait(0) == []
        assert doorbell.wait(0) == ({}, False)
        bell.close()


def test_only_sockets_that_nobody_listens_to_are_cleared_away(tmp_path: Path) -> None:
    """A container can't see the pids of another, and its own pid may be somebody's there."""
    killed = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    killed.bind(str(tmp_path / "hooks-1.sock"))
    killed.close()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as elsewhere:
        elsewhere.bind(str(tmp_path / "hooks-99999999.sock"))
        with BellSocket(tmp_path, "hooks") as one, BellSocket(tmp_path, "hooks") as other:
            elsewhere.settimeout(1)
            bell = Bell(tmp_path, "hooks")
            bell.ring(b"all")
            bell.close()
            assert (one.wait(1), other.wait(1), elsewhere.recv(9)) == ([b"all"], [b"all"], b"all")
            assert len(list(tmp_path.iterdir())) == 3
