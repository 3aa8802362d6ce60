"""What all web processes saw of the rate limits: each writes its own report once a second while it changes, and reads the others'."""

from __future__ import annotations

import threading
from datetime import timedelta

from ..lib.clock import now
from ..lib.log import get_logger
from ..store import DATABASE_DOWN, Store
from .limit_report import REFUSED_SECONDS, LimitReport, Report, merged

EVERY_SECONDS = 1.0

log = get_logger(__name__)


class LimitReports:
    def __init__(self, store: Store, own: LimitReport, process: str, *, shared: bool) -> None:
        """`process` is this one's name; without `shared` it is the only one, and nothing is written."""
        self._store = store
        self._own = own
        self._process = process
        self._shared = shared
        self._stopping = threading.Event()
        if shared:
            threading.Thread(target=self._run, name="limit-reports", daemon=True).start()

    def now(self) -> Report:
        others = self._store.limit_reports.others(self._process, now()) if self._shared else []
        return merged([self._own.snapshot(), *others])

    def close(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        written = 0
        while not self._stopping.wait(EVERY_SECONDS):
            changes = self._own.changes
            if changes != written:
                written = changes if self._write() else written

    def _write(self) -> bool:
        try:
            self._store.limit_reports.put(self._process, dict(self._own.snapshot()), now() + timedelta(seconds=REFUSED_SECONDS))
        except DATABASE_DOWN as error:
            log.warning("limit_report_not_written", error=type(error).__name__)
            return False
        return True
