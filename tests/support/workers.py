"""Further workers beside the one that supervisord runs, and what the store says of the lanes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wabot.store import Store
from wabot.store.connection import open_store

from .stack import ROOT, Stack
from .waiting import wait_until


@contextmanager
def more_workers(stack: Stack, count: int) -> Iterator[list[int]]:
    """Pids of `count` workers with the environment of the stack's own, killed at the end."""
    environ = Path(f"/proc/{stack.pid('worker')}/environ").read_text()
    env = dict(one.split("=", 1) for one in environ.split("\0") if "=" in one)
    log = (stack.data / "logs" / "worker-more.log").open("ab")
    command = ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "wabot.worker"]
    made = [subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log) for _ in range(count)]
    try:
        wait_until(lambda: len(list((stack.data / "run").glob("worker-*.sock"))) > count, 20, "the workers listen")
        yield [one.pid for one in made]
    finally:
        for one in made:
            one.kill()
            one.wait(10)
        log.close()


@contextmanager
def store_of(stack: Stack) -> Iterator[Store]:
    """The stack's own database, looked into from outside."""
    port = (stack.data / "run" / "db.port").read_text().strip()
    store = open_store(f"mongodb://127.0.0.1:{port}/wabot?directConnection=true&retryWrites=false")
    try:
        yield store
    finally:
        store.close()


def holder(store: Store, session_id: str) -> int:
    """Pid of the worker that serves this session's lane; 0 for none."""
    lane = store.lanes.get(session_id)
    pid = int(lane.owner.split(":")[1]) if lane and lane.owner else 0
    return pid if pid and Path(f"/proc/{pid}").exists() else 0
