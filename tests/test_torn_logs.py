"""A login outlives a browser that is killed between two writes: Chromium deletes a page's storage if that isn't seen to."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.support.api import Api
from tests.support.owner import Owner
from tests.support.waiting import wait_until

HEALED_WITHIN = 20.0
FRIEND = "+12025530701"
HEADER_ALONE = bytes((0, 0, 0, 0, 100, 0, 1))
"""Of a record of LevelDB's log that has 100 bytes and is not continued (https://github.com/google/leveldb/blob/main/doc/log_format.md)."""


def kill_between_two_writes(owner: Owner, session_id: str) -> None:
    """As Chromium writes a record: its header, and then what is in it."""
    browser = owner.browser(session_id)
    os.kill(browser, signal.SIGSTOP)  # or it would write over it
    with storage_log(owner, session_id).open("ab") as log:
        log.write(HEADER_ALONE)
    os.kill(browser, signal.SIGKILL)


def storage_log(owner: Owner, session_id: str) -> Path:
    logs = (owner.profile(session_id) / "session/Default/IndexedDB").glob("*.leveldb/*.log")
    return max(logs, key=lambda one: one.stat().st_mtime)


def test_a_login_outlives_two_kills_of_which_one_tore_a_log(unharmed: Owner, newcomer: Api) -> None:
    newcomer.link("+15550200090")
    session_id = unharmed.id_of(newcomer)
    kill_between_two_writes(unharmed, session_id)
    newcomer.wait_for_status("reconnecting")
    newcomer.wait_for_status("connected", timeout=HEALED_WITHIN)
    sent = newcomer.send(FRIEND, "behind the torn record", wait=15)
    newcomer.wait_for_message(sent["id"], "delivered")
    killed = unharmed.browser(session_id)
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: newcomer.status()["status"] != "connected", 5, "its end is noticed")
    newcomer.wait_for_status("connected", timeout=HEALED_WITHIN)
    assert unharmed.browser(session_id) != killed
