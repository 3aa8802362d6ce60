"""The worker: hands the outbox to the gateway, keeps sessions as wanted, settles what is open. `python -m wabot.worker`.

Its threads, by name:

    main      starts lanes (services/lanes.py) whenever somebody rings or a second has passed; each runs in a thread of its own
    upkeep    looks at the gateway every second; what takes long is done by `errand` threads beside it
    mails     sends mails, at the same moments as lanes start
    hooks     makes events and webhook deliveries, which `hook-…` threads bring into turn
    media     fetches files of incoming messages, each in a thread of its own

Any number of workers may run; whatever one leaves half done another takes over.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from .config import load
from .errors import WabotError
from .lib import supervision
from .lib.bell import BellSocket
from .lib.clock import now
from .lib.errands import Errands
from .lib.log import configure, get_logger
from .lib.wake import Doorbell
from .remote_publisher import RemotePublisher
from .services import Services, build
from .services.lanes import Lanes
from .services.media_fetcher import MediaFetcher
from .services.upkeep import Upkeep
from .store import DATABASE_DOWN, StorageGaveUp, gave_up
from .store.connection import open_store

SWEEP_INTERVAL = 1.0
LOOK_AFTER_INTERVAL = 10.0
MAIL_PAUSE = 0.2
"""Seconds after a ring: what is done for an address that is known must not be felt in the answer to who asked for it."""
_END_WITHIN = {"mails": 4.0, "hooks": 4.0, "upkeep": 8.0}
"""Seconds each thread is waited for at the end; what is cut off then, the next worker finds."""
ERRANDS_AT_ONCE = 4
"""A log-out that hangs takes up to 25 s; others' go on."""

log = get_logger(__name__)


def guarded(work: Callable[[], object], what: str) -> int:
    """Run one piece of work; whatever it raises is logged and it is tried again on the next round."""
    try:
        return int(bool(work()))
    except DATABASE_DOWN as error:
        log.warning("database_away", what=what, error=type(error).__name__)
    except WabotError as error:
        log.warning("round_failed", what=what, code=error.code)
    except Exception:
        log.exception("round_failed", what=what)
    return 0


@contextmanager
def reviving_database(services: Services) -> Iterator[None]:
    """The embedded one doesn't come back by itself once its storage gave up; a MongoDB ends then, and is started by who runs it."""
    try:
        yield
    except Exception as error:
        if services.settings.mongo_uri is None and gave_up(error):
            _revive(services)
        raise


def _revive(services: Services) -> None:
    try:
        services.store.ping()
    except StorageGaveUp:
        log.warning("database_gave_up", then="it is started anew")
        supervision.kill("db")


def prepare(services: Services) -> bool:
    """What has to be done before anything is sent. True."""
    with reviving_database(services):
        services.store.catch_up()
        services.restored.settle()
    return True


class Worker:
    def __init__(self, services: Services, doorbell: Doorbell) -> None:
        self._services = services
        self._doorbell = doorbell
        self._lanes = Lanes(self._run_lane, doorbell.ring)
        self._errands = Errands(ERRANDS_AT_ONCE, "errand", guarded)
        self._upkeep = Upkeep(services.store, services.gateway, services.sessions, self._errands)
        self._upgraded = False
        self._stopping = threading.Event()
        self._mail_bell = threading.Event()
        self._fetcher = MediaFetcher(services.media, guarded)
        self._name = services.claims.owner

    def stop(self, *_: object) -> None:
        self._stopping.set()
        self._doorbell.ring()

    def run(self) -> None:
        """Until `stop`."""
        log.info("worker_started", pid=os.getpid())
        beside = {"mails": self._send_mails, "hooks": self._tell, "upkeep": self._care}
        threads = [threading.Thread(target=work, name=name, daemon=True) for name, work in beside.items()]
        for thread in threads:
            thread.start()
        self._fetcher.start()
        self._serve_lanes()
        self._end(threads)

    def _serve_lanes(self) -> None:
        rested = swept = 0.0
        while not self._stopping.is_set():
            self._hear(max(0.0, min(rested, swept + SWEEP_INTERVAL - time.monotonic())))
            if time.monotonic() - swept >= SWEEP_INTERVAL:
                swept = time.monotonic()
                self._mail_bell.set()
                self._fetcher.ring()
                guarded(self._sweep, "sweep")
            rested = self._lanes.start()

    def _end(self, threads: list[threading.Thread]) -> None:
        self._mail_bell.set()
        self._fetcher.stop()
        self._lanes.close()
        for thread in threads:
            thread.join(_END_WITHIN[thread.name])
        guarded(self._services.claims.release_all, "release")
        guarded(lambda: self._services.store.workers.gone(self._name), "farewell")

    def _hear(self, patience: float) -> None:
        ring = self._doorbell.wait(patience)
        self._lanes.want(ring.lanes)
        if ring.others:
            self._mail_bell.set()
            self._fetcher.ring()

    def _send_mails(self) -> None:
        """The end of the process may cut a try off; the next worker finds it."""
        while not self._stopping.is_set():
            self._mail_bell.wait()
            self._stopping.wait(MAIL_PAUSE)
            self._mail_bell.clear()
            while guarded(self._services.mails.send_due, "mails") and not self._stopping.is_set():
                pass  # some at a time, until none is due

    def _tell(self) -> None:
        """Events and webhooks, whenever somebody marked a change, a lane came to rest, or a second has passed."""
        with BellSocket(self._services.settings.data / "run", "hooks") as bell:
            rounds = self._services.hook_rounds(bell.ring)
            while not self._stopping.is_set():
                if not guarded(rounds.round, "hooks"):
                    bell.wait(SWEEP_INTERVAL)
            guarded(rounds.close, "farewell of hooks")

    def _sweep(self) -> None:
        """What nobody rang for: lost rings, dead workers' lanes, sessions that are connected again."""
        self._lanes.want({one.id: one.user_id for one in self._services.store.lanes.waiting()})

    def _run_lane(self, session_id: str) -> datetime | None:
        again: list[datetime | None] = [None]

        def run() -> None:
            again[0] = self._services.delivery.run_lane(session_id)

        guarded(run, "lane")
        return again[0]

    def _care(self) -> None:
        looked_after = 0.0
        while not self._stopping.wait(SWEEP_INTERVAL):
            guarded(self._beat, "heartbeat")
            guarded(self._upkeep.round, "upkeep")
            if not self._upgraded:
                self._errands.run("upgrade", self._upgrade, "upgrade")
            guarded(self._services.schedule.promote, "schedule")
            self._errands.run("erasure", self._services.erasure.round, "erasure")
            if time.monotonic() - looked_after > LOOK_AFTER_INTERVAL:
                looked_after = time.monotonic()
                guarded(self._look_after, "look_after")
                guarded(self._services.user_administration.settle, "disabled_users")
                guarded(self._services.view_as.sweep, "views")
                guarded(lambda: self._services.store.idempotency.remove_expired(now()), "expired_keys")

    def _beat(self) -> None:
        with reviving_database(self._services):
            self._services.store.workers.seen(self._name, now())

    def _upgrade(self) -> None:
        log.info("upgraded", messages=self._services.store.upgrade())
        self._upgraded = True

    def _look_after(self) -> None:
        self._services.aftercare.look_after_all({one.user_id for one in self._upkeep.wanted()})
        self._services.aftercare.give_up()


def main() -> None:
    configure("worker")
    settings = load(os.environ)
    publisher = RemotePublisher(settings.internal_url, settings.secret("internal_secret"))
    services = build(settings, open_store(settings.database_uri), publisher)
    while not guarded(lambda: prepare(services), "preparing"):
        time.sleep(SWEEP_INTERVAL)
    with Doorbell(settings.data / "run") as doorbell:
        worker = Worker(services, doorbell)
        signal.signal(signal.SIGTERM, worker.stop)
        signal.signal(signal.SIGINT, worker.stop)
        worker.run()
    publisher.close()
    services.close()


if __name__ == "__main__":
    main()
