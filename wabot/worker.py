"""The worker: hands the outbox to the gateway, keeps sessions as wanted, settles what is open. `python -m wabot.worker`.

Three threads: the main one runs lanes (one at a time for each session) whenever somebody rings or a second has passed; one
sends mails at the same moments; one looks at the gateway every second. Any number of workers may run; whatever one leaves half done another takes over.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from .config import load
from .errors import WabotError
from .lib.clock import now
from .lib.log import configure, get_logger
from .lib.wake import Doorbell
from .remote_publisher import RemotePublisher
from .services import Services, build
from .services.upkeep import Upkeep
from .store import DATABASE_DOWN
from .store.connection import open_store

SWEEP_INTERVAL = 1.0
LOOK_AFTER_INTERVAL = 10.0
LANES = 32
_CLOSE_TIMEOUT = 8.0

log = get_logger(__name__)


class Lanes:
    """At most one run a session at a time, so that its messages go out in order."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._pool = ThreadPoolExecutor(LANES, thread_name_prefix="lane")
        self._running: dict[str, Future[int]] = {}

    def run(self) -> None:
        """Start a lane for every session that has something queued and isn't being served."""
        for session_id in self._services.store.outbox.sessions_waiting():
            running = self._running.get(session_id)
            if running is None or running.done():
                self._running[session_id] = self._pool.submit(guarded, self._lane(session_id), "lane")
        self._running = {one: lane for one, lane in self._running.items() if not lane.done()}

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _lane(self, session_id: str) -> Callable[[], object]:
        return lambda: self._services.delivery.run_lane(session_id)


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


class Worker:
    def __init__(self, services: Services, doorbell: Doorbell) -> None:
        self._services = services
        self._doorbell = doorbell
        self._lanes = Lanes(services)
        self._upkeep = Upkeep(services.store, services.gateway, services.sessions)
        self._stopping = threading.Event()
        self._mail_bell = threading.Event()
        self._name = f"worker-{os.getpid()}"

    def stop(self, *_: object) -> None:
        self._stopping.set()
        self._doorbell.ring()

    def run(self) -> None:
        log.info("worker_started", pid=os.getpid())
        caretaker = threading.Thread(target=self._care, name="upkeep", daemon=True)
        caretaker.start()
        postman = threading.Thread(target=self._send_mails, name="mails", daemon=True)
        postman.start()
        while not self._stopping.is_set():
            self._doorbell.wait(SWEEP_INTERVAL)
            self._mail_bell.set()
            guarded(self._lanes.run, "lanes")
        self._mail_bell.set()
        self._lanes.close()
        postman.join(_CLOSE_TIMEOUT / 2)
        caretaker.join(_CLOSE_TIMEOUT)
        guarded(lambda: self._services.store.workers.gone(self._name), "farewell")

    def _send_mails(self) -> None:
        """The end of the process may cut a try off; the next worker finds it."""
        while not self._stopping.is_set():
            self._mail_bell.wait()
            self._mail_bell.clear()
            guarded(self._services.mails.send_due, "mails")

    def _care(self) -> None:
        looked_after = 0.0
        while not self._stopping.wait(SWEEP_INTERVAL):
            guarded(lambda: self._services.store.workers.seen(self._name, now()), "heartbeat")
            guarded(self._upkeep.round, "upkeep")
            guarded(self._services.claims.recover, "recover")
            guarded(self._services.schedule.promote, "schedule")
            if time.monotonic() - looked_after > LOOK_AFTER_INTERVAL:
                looked_after = time.monotonic()
                guarded(self._look_after, "look_after")

    def _look_after(self) -> None:
        for session in self._upkeep.wanted():
            self._services.delivery.look_after(session)
        for session_id in self._services.store.outbox.sessions_waiting():
            self._services.delivery.give_up(session_id)


def main() -> None:
    configure("worker")
    settings = load(os.environ)
    publisher = RemotePublisher(settings.internal_url, settings.secret("internal_secret"))
    services = build(settings, open_store(settings.database_uri), publisher)
    with Doorbell(settings.data / "run") as doorbell:
        worker = Worker(services, doorbell)
        signal.signal(signal.SIGTERM, worker.stop)
        signal.signal(signal.SIGINT, worker.stop)
        worker.run()
    publisher.close()
    services.close()


if __name__ == "__main__":
    main()
