"""WhatsApp sessions: orders go to the gateway, observations come back, the store keeps what was last observed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from ..config import Settings
from ..errors import Conflict, GatewayUnavailable, Invalid, NotFound
from ..lib import phones
from ..lib.clock import now
from ..lib.gateway import STALE_EPOCH, Gateway, Snapshot
from ..lib.log import get_logger
from ..lib.loopback import Problem
from ..store import Store
from ..store.records import Session
from ..words import Text
from . import reasons, unlinking
from . import session_machine as machine
from .engines import Engines
from .hearing import Hearing
from .mails import Mails
from .new_sessions import NewSessions
from .publishing import Publisher, pushes_of_session

DEFAULT = "default"
_REREADS = 5
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
log = get_logger(__name__)


@dataclass(frozen=True)
class StartOrder:
    """What initialize asks for; None means the setting's default (or, for a known session, what it had)."""

    session: str = DEFAULT
    engine: str | None = None
    network: str | None = None
    method: str = "qr"
    phone: str | None = None


@dataclass(frozen=True)
class Sessions:
    store: Store
    gateway: Gateway
    publisher: Publisher
    new: NewSessions
    settings: Settings
    hearing: Hearing
    engines: Engines
    mails: Mails
    call_workers: Callable[[Mapping[str, str]], None]
    """Session → user: what waits for these may go."""

    def status(self, user_id: str, name: str) -> Session:
        """A never used `default` is disconnected. Raises NotFound for any other unknown name."""
        found = self.store.sessions.named(user_id, name) if name == DEFAULT else self._named(user_id, name)
        return machine.as_of(found, now()) if found else self._unused(user_id)

    def to_send_by(self, user_id: str, name: str) -> Session:
        """As `status`; of one that accepts messages it may be a moment old."""
        found = self.store.sessions.lately(user_id, name)
        lately = machine.as_of(found, now()) if found else None
        return lately if lately and machine.accepts_messages(lately) else self.status(user_id, name)

    def of_user(self, user_id: str) -> list[Session]:
        return [machine.as_of(one, now()) for one in self.store.sessions.of_user(user_id)]

    def initialize(self, user_id: str, order: StartOrder, correlation_id: str) -> Session:
        """Start, or leave running, the session. Raises Invalid, Conflict, and GatewayUnavailable for a pending logout."""
        known = self.store.sessions.named(user_id, order.session)
        wanted = self._checked(order, known)
        session = known or self.new.add(user_id, wanted["name"], wanted["engine"], wanted["network"])
        if session.desired == "logout":
            session = self.finish_logout(session, correlation_id)
        if not self._needs_start(session, wanted):
            return machine.as_of(session, now())
        return self._start(session, {name: value for name, value in wanted.items() if name != "name"}, correlation_id)

    def _start(self, session: Session, order: dict[str, Any], correlation_id: str) -> Session:
        started = self._change(session, machine.ordered_start(session, now(), order))
        if started is None:
            return self.status(session.user_id, session.name)  # another request ordered at the same moment
        self.tell_gateway_to_start(started, correlation_id)
        return self.status(session.user_id, session.name)

    def tell_gateway_to_start(self, session: Session, correlation_id: str) -> bool:
        """When the gateway is away the worker tells it as soon as it is back: the order is stored. What it refuses has failed; False
        then."""
        order = {
            "engine": session.engine,
            "network": session.network,
            "method": session.method,
            "phone": session.pairing_phone,
            "epoch": session.epoch,
        }
        try:
            self.observe(self.gateway.start(session.id, order, correlation_id))
        except GatewayUnavailable:
            log.warning("gateway_away", session_id=session.id, correlation_id=correlation_id)
        except Problem as refusal:
            log.warning("start_refused", session_id=session.id, correlation_id=correlation_id, code=refusal.code)
            if refusal.status == HTTPStatus.CONFLICT:  # a newer order counts
                return True
            if changes := machine.refused(session, refusal.code, now()):
                self._change(session, changes)
            return False
        return True

    def disconnect(self, user_id: str, name: str, correlation_id: str) -> Session:
        """Returns when WhatsApp was told, the browser has ended and the profile is gone.

        Raises GatewayUnavailable when that can't be done now; it is then done as soon as the gateway is back.
        """
        session = self.store.sessions.named(user_id, name)
        if session is None:
            return self.status(user_id, name)
        while session is not None and self._needs_logout(session):
            session = self._order_logout(session)
        if session is not None and session.desired == "logout":
            self.finish_logout(session, correlation_id)
        return self.status(user_id, name)

    def switch_engine(self, user_id: str, name: str, engine: str, correlation_id: str) -> Session:
        """Log out, and link anew with another engine; what waits to be sent goes on waiting, and more is taken in.

        Raises NotFound, Invalid, and GatewayUnavailable when it will be done as soon as the gateway is back.
        """
        session = self._named(user_id, name)
        self.engines.check(engine, session.network)
        if engine != session.engine and session.desired != "logout":
            ordered = self._change(session, machine.ordered_switch(session, now(), engine))
            if ordered:
                self.finish_logout(ordered, correlation_id)
        return self.status(user_id, name)

    def restart(self, session: Session, correlation_id: str) -> Session:
        """End the browser and start it anew, in a new epoch; the login is kept."""
        order = {name: getattr(session, name) for name in ("engine", "network", "method", "pairing_phone")}
        return self._start(session, order, correlation_id)

    def rest(self, user_id: str) -> None:
        """End the browsers of a user who was disabled; their logins at WhatsApp are kept. Harmless to repeat."""
        for session in self.store.sessions.of_user(user_id):
            if session.desired == "on":
                self._change(session, machine.ordered_rest(session, now()))

    def wake(self, user_id: str, correlation_id: str) -> None:
        """Start again what `rest` has ended."""
        for session in self.store.sessions.of_user(user_id):
            if session.desired == "off" and session.reason == machine.RESTS:
                self.restart(session, correlation_id)

    def delete(self, user_id: str, name: str, correlation_id: str) -> None:
        """Log out, and forget the session; its messages stay. Raises NotFound, GatewayUnavailable."""
        session = self._named(user_id, name)
        self.disconnect(user_id, name, correlation_id)
        self.store.pacing.forget(session.id)
        self.store.engine_logins.forget(session.id, now())
        if self.store.outbox.queue(session.id):
            self.store.lanes.mark({session.id: user_id}, now())  # the worker fails what waits in it, and then ends it
        else:
            self.store.lanes.erase(session.id)
        self.hearing.last_words(session)
        self.store.sessions.remove(user_id, session.id)

    def qr(self, user_id: str, name: str) -> Session:
        """The session with its `qr` text. Raises Conflict `qr_not_available`, with the status."""
        session = self.status(user_id, name)
        if session.status != "qr" or not session.qr:
            raise Conflict(reasons.no_qr(session.status), code="qr_not_available", extra={"status": session.status})
        return session

    def observe(self, snapshot: Snapshot) -> None:
        """Apply what the gateway observed, from an event or a heartbeat; the order they come in doesn't matter."""
        for _ in range(_REREADS):
            session = self.store.sessions.get(snapshot["id"])
            changes = machine.observed(session, snapshot) if session else {}
            if session is None or not changes or self._take(session, changes):
                return
        log.warning("observation_overtaken", session_id=snapshot["id"])  # the next heartbeat brings it

    def _take(self, session: Session, changes: dict[str, Any]) -> bool:
        """False when something was observed since `session` was read, maybe just this: or it would be told twice."""
        if len(changes) == len(machine.HEARTBEAT_FIELDS):
            self.store.sessions.observe(session.id, session.epoch, changes)
            return True
        if unlinking.is_owed(session, changes):
            self.mails.notify(**unlinking.mail_of(session, changes))
        after = self._change(session, changes, still={name: getattr(session, name) for name in ("observed_at", "since")})
        if after:
            log.info("session_observed", session_id=session.id, status=after.status, reason=after.reason)
        return after is not None

    def catch_up(self, session: Session, epoch: int) -> None:
        """The gateway has had orders that are not in the store, as when a backup of it was put in place beside a running gateway:
        those that come now must count more, and what it observes is of this session."""
        log.warning("store_behind_gateway", session_id=session.id, epoch=session.epoch, of_gateway=epoch)
        self.store.sessions.change(session.id, session.epoch, {"epoch": epoch})

    def gateway_lost(self, session: Session) -> None:
        """Unless something was observed since `session` was read: its last words may have come by another way."""
        if changes := machine.gateway_lost(session):
            self._change(session, changes, still={name: getattr(session, name) for name in ("desired", "status", "since")})

    def _change(self, session: Session, changes: dict[str, Any], *, still: Mapping[str, Any] | None = None) -> Session | None:
        """Store and tell; the session as it is now, or None when somebody ordered or observed otherwise meanwhile."""
        after = replace(session, **changes)
        mark = self.hearing.session_mark(session, after)
        if not self.store.sessions.change(session.id, session.epoch, {**changes, **mark}, still=still):
            return None
        self.hearing.marked(mark)
        self.publisher.publish(pushes_of_session(after))
        if after.status == "connected" != session.status:
            self.call_workers({after.id: after.user_id})
        return after

    def _named(self, user_id: str, name: str) -> Session:
        session = self.store.sessions.named(user_id, name)
        if session is None:
            raise NotFound(Text("There is no session named %(name)s.", name=repr(name[:40])))
        return session

    def _needs_logout(self, session: Session) -> bool:
        """Not while a log-out is under way for another request: that order would be overtaken, and answered before it is done."""
        if session.desired == "logout":
            return bool(session.switch_to)
        return session.desired == "on" or session.linked or session.status != "disconnected"

    def _order_logout(self, session: Session) -> Session | None:
        """As it was ordered, or as somebody else has ordered at the same moment; None when it was deleted."""
        ordered = self._change(session, machine.ordered_end(session, now()))
        return ordered or self.store.sessions.get(session.id)

    def finish_logout(self, session: Session, correlation_id: str) -> Session:
        """For the worker, too: a disconnect that was ordered while the gateway was away."""
        order = {"epoch": session.epoch, "network": session.network, "engine": session.engine}
        try:
            self.gateway.logout(session.id, order, correlation_id)
        except Problem as refusal:
            return self._overtaken(session, refusal)
        changes = machine.switched(session, now()) if session.switch_to else machine.ended(now())
        ended = self._change(session, changes, still={"desired": "logout"})  # once, however many saw it through
        if ended and session.switch_to:
            self.tell_gateway_to_start(ended, correlation_id)
        return ended or self.store.sessions.get(session.id) or session

    def _overtaken(self, session: Session, refusal: Problem) -> Session:
        """A newer order counts: the session as it is under that. Raises GatewayUnavailable when it is a log-out, too."""
        if refusal.code != STALE_EPOCH:
            raise refusal
        log.info("logout_overtaken", session_id=session.id, epoch=session.epoch)
        overtaken_by = self.store.sessions.get(session.id) or session
        if overtaken_by.desired == "logout":
            raise GatewayUnavailable
        return overtaken_by

    def _needs_start(self, session: Session, wanted: dict[str, Any]) -> bool:
        """False when it runs already as asked. Raises Conflict when a linked one would change its network or engine."""
        differs = any(getattr(session, name) != wanted[name] for name in ("engine", "network"))
        if session.linked and differs:
            raise Conflict("The session is linked: disconnect it before changing its engine or network.", code="session_linked")
        dead_code = machine.code_ran_out(session, now())
        running = session.desired == "on" and session.status in machine.RUNNING and not dead_code
        other_way = not session.linked and (session.method, session.pairing_phone) != (wanted["method"], wanted["pairing_phone"])
        return not running or differs or other_way

    def _checked(self, order: StartOrder, known: Session | None) -> dict[str, Any]:
        if not _NAME.fullmatch(order.session):
            raise Invalid.field("session", "use 1 to 40 letters, digits, dots, dashes or underscores")
        network = order.network or (known.network if known else self.settings.default_network)
        if network == "sandbox" and not self.settings.sandbox:
            raise Invalid.field("network", "the sandbox is switched off on this server")
        engine = order.engine or (known.engine if known else self.settings.default_engine)
        self.engines.check(engine, network)
        phone = phones.to_e164(order.phone, "phone") if order.phone else None
        if order.method == "code" and not phone:
            raise Invalid.field("phone", "is needed to link with a pairing code")
        return {
            "name": order.session,
            "engine": engine,
            "network": network,
            "method": order.method,
            "pairing_phone": phone if order.method == "code" else None,
        }

    def _unused(self, user_id: str) -> Session:
        return Session(
            id="", user_id=user_id, name=DEFAULT, engine=self.settings.default_engine,
            network=self.settings.default_network, created_at=now(),
        )  # fmt: skip
