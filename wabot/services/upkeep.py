"""Keeping the gateway's sessions as their owners want them, and the status as it is. Called by the worker, every second."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..errors import GatewayUnavailable
from ..lib.clock import now, to_rfc3339
from ..lib.errands import Errands
from ..lib.gateway import Gateway, Snapshot
from ..lib.log import get_logger
from ..store import REFUSED, Store
from ..store.ids import new_id
from ..store.records import Session
from . import session_machine as machine
from .sessions import Sessions

STARTS_PER_ROUND = 2
"""Browsers started in one round, so that a reboot with ten sessions doesn't start ten at once."""
LIGHT_STARTS_PER_ROUND = 25
"""The same of sessions without a browser."""
REFUSED_RESTS = 30.0
"""Seconds until a start that the gateway refused is tried again: what is refused stays so until somebody changes a setting."""
LOST_AFTER = 1.5
"""Seconds without an answer before connected sessions are shown as reconnecting."""

log = get_logger(__name__)


@dataclass
class Upkeep:
    store: Store
    gateway: Gateway
    sessions: Sessions
    errands: Errands
    """For what takes long: meanwhile all other sessions go on being observed, and are not taken for lost."""
    _answered_at: float = field(default_factory=time.monotonic)
    _resting: dict[str, float] = field(default_factory=dict)
    """Until when (`time.monotonic()`) the start of a session isn't tried again."""

    def round(self) -> None:
        """One look at the gateway: note heartbeats, start what is missing, finish pending logouts, stop what nobody wants."""
        try:
            snapshots = {one["id"]: one for one in self.gateway.sessions()}
        except GatewayUnavailable:
            self._gateway_silent()
            return
        self._answered_at = time.monotonic()
        wanted = self.store.sessions.desired("on")
        self._observe(wanted, snapshots)
        self._start_missing(wanted, snapshots)
        self._finish_logouts()
        self._stop_unwanted({one.id for one in wanted}, snapshots)

    def wanted(self) -> list[Session]:
        return self.store.sessions.desired("on")

    def _gateway_silent(self) -> None:
        if time.monotonic() - self._answered_at > LOST_AFTER:
            for session in self.store.sessions.desired("on"):
                self.sessions.gateway_lost(session)

    def _observe(self, wanted: list[Session], snapshots: dict[str, Snapshot]) -> None:
        """One that can't be read or stored is named in the log, and holds up no other."""
        for session in wanted:
            try:
                if session.id in snapshots:
                    self._observe_one(session, snapshots[session.id])
            except (KeyError, TypeError, ValueError, *REFUSED) as error:
                log.error("snapshot_refused", session_id=session.id, error=type(error).__name__)

    def _observe_one(self, session: Session, snapshot: Snapshot) -> None:
        if snapshot["epoch"] > session.epoch:
            self.sessions.catch_up(session, snapshot["epoch"])
        if machine.is_ahead(session, moment := now()):
            log.warning("clock_set_back", session_id=session.id, observed_at=to_rfc3339(session.observed_at or moment))
            self.store.sessions.change(
                session.id, session.epoch, {"observed_at": moment}, still={"observed_at": session.observed_at}
            )
        self.sessions.observe(snapshot)

    def _start_missing(self, wanted: list[Session], snapshots: dict[str, Snapshot]) -> None:
        missing = [one for one in wanted if not _held(one, snapshots.get(one.id)) and not machine.stays_out(one)]
        for session in missing:
            self.sessions.gateway_lost(session)  # the gateway has begun anew: nothing of it is connected
        self._resting = {one: until for one, until in self._resting.items() if until > time.monotonic()}
        missing = [one for one in missing if one.id not in self._resting]
        missing.sort(key=lambda one: one.status == "failed")  # what is refused each time keeps nobody else waiting
        light = [one for one in missing if self.sessions.engines.light(one.engine)]
        heavy = [one for one in missing if one not in light]
        for session in heavy[:STARTS_PER_ROUND] + light[:LIGHT_STARTS_PER_ROUND]:
            correlation_id = new_id()
            log.info("session_restored", session_id=session.id, correlation_id=correlation_id)
            if not self.sessions.tell_gateway_to_start(session, correlation_id):
                self._resting[session.id] = time.monotonic() + REFUSED_RESTS

    def _finish_logouts(self) -> None:
        for session in self.store.sessions.desired("logout"):
            self.errands.run(session.id, partial(self.sessions.finish_logout, session, new_id()), "logout")

    def _stop_unwanted(self, wanted: set[str], snapshots: dict[str, Snapshot]) -> None:
        """A session the gateway holds and the store doesn't want on: its browser is freed, a deleted one's login wiped."""
        for snapshot in snapshots.values():
            if snapshot["id"] in wanted:
                continue
            session = self.store.sessions.get(snapshot["id"])
            if session is None:
                order: dict[str, Any] = {name: snapshot[name] for name in ("epoch", "network", "engine")}
                self.errands.run(snapshot["id"], partial(self.gateway.logout, snapshot["id"], order, new_id()), "wipe")
            elif snapshot["epoch"] > session.epoch:
                self.sessions.catch_up(session, snapshot["epoch"])
            elif session.desired == "off":
                self.errands.run(snapshot["id"], partial(self.gateway.stop, snapshot["id"], session.epoch, new_id()), "stop")


def _held(session: Session, snapshot: Snapshot | None) -> bool:
    return snapshot is not None and bool(snapshot["epoch"] >= session.epoch)
