"""Is everything there? Asked by /readyz, by the dashboard and by `flask doctor`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from ..config import Settings
from ..lib.clock import now
from ..lib.gateway import Gateway
from ..lib.sandbox import Sandbox
from ..store import DATABASE_DOWN, Store
from .preparation import Preparation

WORKER_SILENT_AFTER = timedelta(seconds=6)


@dataclass(frozen=True)
class Readiness:
    store: Store
    gateway: Gateway
    sandbox: Sandbox
    settings: Settings
    preparation: Preparation
    worker_listens: Callable[[], bool]

    def checks(self) -> dict[str, bool]:
        """`sandbox` is asked only where it is offered."""
        checks = {"db": self._db(), "gateway": self.gateway.alive()}
        checks["worker"] = self.worker_listens() and (not checks["db"] or self._worker_seen())
        if self.settings.sandbox:
            checks["sandbox"] = self.sandbox.alive()
        return checks

    def _db(self) -> bool:
        try:
            self.store.ping()
            self.preparation.ensure()
        except DATABASE_DOWN:
            return False
        return True

    def _worker_seen(self) -> bool:
        try:
            return worker_is_seen(self.store)
        except DATABASE_DOWN:
            return False


def worker_is_seen(store: Store) -> bool:
    """Whether any worker went round its loop a moment ago, and not in what the clock calls the future. Raises what the store raises."""
    moment = now()
    return store.workers.any_seen(moment - WORKER_SILENT_AFTER, moment + WORKER_SILENT_AFTER)
