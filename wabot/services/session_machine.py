"""The states of a WhatsApp session, and what each observation makes of them.

    disconnected ──initialize──► starting ──► qr │ pairing ──scan──► authenticating ──► connected ⇄ reconnecting
         ▲                          │            │                        │                 │            │
         │                          └────────────┴───────► failed ◄───────┴─────────────────┴────────────┘
         └──── disconnect, unlinked on the phone, code left unscanned: from every state

The gateway observes, the store keeps what was last observed, with its time. An observation counts only for the epoch it
belongs to: every order (initialize, disconnect) begins a new one. `connected` is shown only while observations keep coming
(`STALE_AFTER`): silence is shown as `reconnecting`, never as hope.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from ..lib.clock import from_rfc3339, now
from ..lib.texts import whole
from ..store.records import Session

STALE_AFTER = timedelta(seconds=8)
"""The worker reads heartbeats every second and notes them at least every 3; twice that and a little is silence."""
NEXT_CODE_WITHIN = timedelta(seconds=5)
"""The next code comes at most a second or two after the one before ran out; later than this none is coming."""
NOTE_HEARTBEAT_EVERY = timedelta(seconds=3)

RUNNING = frozenset({"starting", "qr", "pairing", "authenticating", "connected", "reconnecting"})
LINK_ENDED = frozenset({"unlinked_on_phone", "logged_out"})
SILENT_REASON = "not_observed"
RESTS = "account_disabled"
"""The reason of a session whose owner was disabled; it comes back with them."""


HEARTBEAT_FIELDS = ("observed_at", "memory_mb", "restarts")
"""What a heartbeat alone may change; nobody needs to be told."""


def ordered_start(session: Session, at: datetime, order: dict[str, Any]) -> dict[str, Any]:
    """The changes that initialize makes before the gateway is told. `order`: engine, network, method, pairing_phone."""
    return {
        **order,
        "desired": "on",
        "epoch": session.epoch + 1,
        "status": "starting",
        "reason": None,
        "missing": [],
        "since": at,
        "observed_at": at,
        **_NO_CODES,
    }


def ordered_end(session: Session, at: datetime) -> dict[str, Any]:
    """The changes that disconnect makes first: from here on no observation of the earlier life counts, and it is shown as
    `connected` no more, however long the gateway takes to be told."""
    changes = {
        "desired": "logout",
        "epoch": session.epoch + 1,
        "observed_at": at,
        "switch_to": None,
        "switching": False,
        "switched_from": None,
        **_NO_CODES,
    }
    if session.status in RUNNING:
        changes |= {"status": "reconnecting", "reason": "disconnecting", "since": at}
    return changes


def ordered_switch(session: Session, at: datetime, engine: str) -> dict[str, Any]:
    """As `ordered_end`, but `switched` follows, whoever finishes it. What was linked takes messages in meanwhile."""
    meanwhile = {"switching": session.linked or session.switching, "switched_from": session.phone or session.switched_from}
    return {**ordered_end(session, at), "switch_to": engine, **meanwhile}


def switched(session: Session, at: datetime) -> dict[str, Any]:
    """The old engine's login is gone, the new one's is to begin: one step, so that nothing can die in between."""
    order = {"engine": session.switch_to, "method": "qr", "pairing_phone": None, "switch_to": None}
    meanwhile = {"switching": session.switching, "switched_from": session.switched_from}
    return {**ended(at), **meanwhile, **ordered_start(session, at, order)}


def ordered_rest(session: Session, at: datetime) -> dict[str, Any]:
    """The changes that let a session rest, its login kept, until `RESTS` is lifted (`ordered_start`)."""
    return {
        "desired": "off",
        "epoch": session.epoch + 1,
        "status": "disconnected",
        "reason": RESTS,
        "since": at,
        "observed_at": at,
        "memory_mb": None,
        **_NO_CODES,
    }


def ended(at: datetime) -> dict[str, Any]:
    """What disconnect leaves when the profile is gone."""
    return {
        "desired": "off",
        "status": "disconnected",
        "reason": None,
        "since": at,
        "observed_at": at,
        "linked": False,
        "phone": None,
        "push_name": None,
        "memory_mb": None,
        "missing": [],
        "switching": False,
        "switched_from": None,
        "switch_to": None,
        **_NO_CODES,
    }


def observed(session: Session, snapshot: dict[str, Any]) -> dict[str, Any]:
    """The changes an observation makes; empty when it is of another life, older than one applied, or says nothing new.

    `snapshot` as the gateway gives it (docs/internals.md).
    """
    seen = _fields(snapshot)
    if snapshot["epoch"] != session.epoch or session.desired != "on" or _older(seen, session):
        return {}
    if seen["status"] == "disconnected" or (seen["status"] == "failed" and not seen["linked"]):
        seen["desired"] = "off"
    if session.switching and seen["linked"]:
        seen["switching"] = False
    if session.switched_from and (seen["phone"] or seen["reason"] in LINK_ENDED):
        seen["switched_from"] = None
    if seen["reason"] in LINK_ENDED:
        seen.update(linked=False, phone=None, push_name=None)
    if session.observed_at and _only_heartbeat(session, seen):
        late = seen["observed_at"] - session.observed_at >= NOTE_HEARTBEAT_EVERY
        return {name: seen[name] for name in HEARTBEAT_FIELDS} if late else {}
    return seen


def gateway_lost(session: Session) -> dict[str, Any]:
    """The changes when the gateway doesn't answer: what was connected is so no longer, as far as anybody can tell, and a code
    whose browser is gone can't be scanned, nor does anything log in."""
    if session.linked and session.status in ("connected", "authenticating"):
        return {"status": "reconnecting", "reason": "gateway_away", "since": now()}
    if session.status in ("qr", "pairing", "authenticating"):
        return {"status": "starting", "reason": "gateway_away", "since": now(), **_NO_CODES}
    return {}


def refused(session: Session, code: str, at: datetime) -> dict[str, Any]:
    """The changes when the gateway will not start it, as with an engine that isn't there or allowed any more; empty when that is
    known."""
    if (session.status, session.reason) == ("failed", code):
        return {}
    changes = {"status": "failed", "reason": code, "since": at, "observed_at": at, "memory_mb": None, **_NO_CODES}
    return changes if session.linked else {**changes, "desired": "off"}


def as_of(session: Session, moment: datetime) -> Session:
    """The session as it may be shown now: nothing is claimed that was not observed lately."""
    silent = is_silent(session, moment)
    if session.status == "connected" and silent:
        return replace(session, status="reconnecting", reason=SILENT_REASON, since=session.observed_at)
    if session.status in ("qr", "pairing") and (silent or _expired(session, moment)):
        return replace(session, qr=None, pairing_code=None)
    return session


def accepts_messages(session: Session) -> bool:
    """A linked session takes messages in, and lets them wait while it is not connected; so does one that changes its engine."""
    return session.switching or (session.desired == "on" and (session.linked or session.status == "connected"))


def code_ran_out(session: Session, moment: datetime) -> bool:
    """It waits for somebody to link it, with a code that is of no use any more, and no other is coming."""
    shown = as_of(session, moment)
    if shown.status not in ("qr", "pairing") or shown.qr or shown.pairing_code:
        return False
    expired = shown.qr_expires_at is not None and moment - shown.qr_expires_at > NEXT_CODE_WITHIN
    return expired or is_silent(shown, moment)


def is_silent(session: Session, moment: datetime) -> bool:
    return session.observed_at is None or moment - session.observed_at > STALE_AFTER


def is_ahead(session: Session, moment: datetime) -> bool:
    """It was observed in the future: the clock has been set back, and whatever is observed now would count as older."""
    return session.observed_at is not None and session.observed_at - moment > STALE_AFTER


def stays_out(session: Session) -> bool:
    """Open elsewhere: coming back by itself would throw that window out. Only the owner's next initialize does."""
    return session.status == "failed" and session.reason == "opened_elsewhere"


def _older(seen: dict[str, Any], session: Session) -> bool:
    return session.observed_at is not None and seen["observed_at"] < session.observed_at


def _expired(session: Session, moment: datetime) -> bool:
    return session.qr_expires_at is not None and session.qr_expires_at < moment


_NO_CODES: dict[str, Any] = {"qr": None, "qr_expires_at": None, "pairing_code": None}
_TIMES = ("since", "observed_at", "qr_expires_at")
_TAKEN = ("status", "reason", "linked", "qr", "pairing_code", "phone", "push_name", "web_version", "last_error", "missing")
_FIGURES = ("memory_mb", "restarts")
_CHARS = 2000
"""Of a text in a snapshot; a QR text has some hundred. Names and codes are what WhatsApp says they are."""


def _fields(snapshot: dict[str, Any]) -> dict[str, Any]:
    seen: dict[str, Any] = {name: _bounded(snapshot.get(name)) for name in (*_TAKEN, *_FIGURES)}
    seen["missing"] = [_bounded(one) for one in seen["missing"] or []]
    for name in _TIMES:
        text = snapshot.get(name)
        seen[name] = from_rfc3339(text) if text else None
    return seen


def _bounded(value: Any) -> Any:
    return whole(value[:_CHARS]) if isinstance(value, str) else value


def _only_heartbeat(session: Session, seen: dict[str, Any]) -> bool:
    return all(getattr(session, name) == seen[name] for name in (*_TAKEN, "since", "qr_expires_at"))
