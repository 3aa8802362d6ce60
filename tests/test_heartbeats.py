"""Whether any worker is there, by the heartbeats that workers leave in the store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flask import Flask

from tests.support.stack import ROOT, environment
from tests.support.waiting import wait_until
from wabot.config import Settings
from wabot.lib.clock import now
from wabot.services.readiness import worker_is_seen
from wabot.store import Store


def store_of(app: Flask) -> Store:
    found: Store = app.extensions["wabot"].store
    return found


@contextmanager
def contained_worker(settings: Settings) -> Iterator[int]:
    """A worker that is process 1 of its namespace, as in a container; its pid out here."""
    chosen = {"MONGO_URI": settings.database_uri, "SECRET_KEY": settings.secret("secret_key"), "GATEWAY_PORT": "1"}
    alone = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--kill-child", sys.executable, "-m", "wabot.worker"]
    command = ["setpriv", "--pdeathsig", "KILL", *alone]
    outside = subprocess.Popen(command, cwd=ROOT, env=environment(settings.data, **chosen), stdout=subprocess.DEVNULL)
    children = Path(f"/proc/{outside.pid}/task/{outside.pid}/children")
    try:
        yield int(wait_until(lambda: children.read_text().split(), 20, "it is forked")[0])
    finally:
        outside.kill()
        outside.wait(20)


def test_workers_of_two_containers_have_a_heartbeat_each(app: Flask, settings: Settings) -> None:
    """One that stops takes its own along, though both are process 1."""
    beats = store_of(app)._db["workers"]
    with contained_worker(settings) as one, contained_worker(settings):
        wait_until(lambda: beats.count_documents({}) == 2, 30, "both are seen")
        os.kill(one, signal.SIGTERM)
        wait_until(lambda: not Path(f"/proc/{one}").exists(), 20, "one has stopped")
        assert beats.count_documents({}) == 1
        assert worker_is_seen(store_of(app))


def test_the_one_that_beats_is_seen_however_many_died(app: Flask) -> None:
    """Killed ones, as when memory is short for an hour, leave theirs behind until the database clears them away."""
    store = store_of(app)
    earlier = now() - timedelta(minutes=30)
    store._db["workers"].insert_many([{"_id": f"dead-{number}", "seen_at": earlier} for number in range(1_000)])
    assert not worker_is_seen(store)
    store.workers.seen("alive", now())
    assert worker_is_seen(store)


def test_a_dead_ones_heartbeat_from_before_the_clock_was_set_back_proves_nothing(app: Flask) -> None:
    store_of(app).workers.seen("dead", now() + timedelta(hours=1))
    assert not worker_is_seen(store_of(app))
