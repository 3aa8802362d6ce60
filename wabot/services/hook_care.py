"""What attempts tell about an endpoint as a whole: that it works again, is failing, should be left alone for a while, or is switched off."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from ..errors import Unavailable
from ..lib.clock import now, to_rfc3339
from ..lib.log import get_logger
from ..store import Store
from ..store.hook_records import Endpoint
from ..store.ids import derived
from ..words import N_
from .hook_attempts import Outcome
from .mails import Mails

DISABLED_AFTER = timedelta(days=5)
COUNTED_ANEW_AFTER = timedelta(days=2)
"""Where so long nothing was tried, one failure more says nothing of the days between."""
HOLD_AT_MOST = timedelta(minutes=1)
"""An endpoint that nobody answers at is asked once in so long, however much waits for it."""
_NOTE_SUCCESS_EVERY = timedelta(minutes=1)
REASONS = {
    "gone": N_("the receiver answered 410 Gone, which asks for no more events"),
    "failing": N_("every attempt of the last five days failed"),
}

log = get_logger(__name__)


@dataclass(frozen=True)
class HookCare:
    store: Store
    mails: Mails

    def note(self, endpoint: Endpoint, outcomes: list[Outcome]) -> Endpoint:
        """The endpoint as it is after one round at it."""
        if any(one.gone for one in outcomes):
            return self._disable(endpoint, "gone")
        if any(one.delivered for one in outcomes):
            return self._works(endpoint)
        return self._fails(endpoint, outcomes) if outcomes else endpoint

    def _works(self, endpoint: Endpoint) -> Endpoint:
        moment = now()
        recovered = endpoint.failing_since is not None
        stale = endpoint.last_success_at is None or moment - endpoint.last_success_at > _NOTE_SUCCESS_EVERY
        if not (recovered or stale):
            return endpoint
        changes: dict[str, Any] = {"failing_since": None, "hold_until": None, "last_success_at": moment}
        if recovered:  # before it is noted: killed in between, the next success does it
            self.store.hook_deliveries.pull_forward(endpoint.id, to_rfc3339(moment))
            log.info("hook_recovered", endpoint_id=endpoint.id)
        self.store.endpoints.note(endpoint, changes)
        return replace(endpoint, **changes)

    def _fails(self, endpoint: Endpoint, outcomes: list[Outcome]) -> Endpoint:
        moment = now()
        idle = endpoint.failed_at is not None and moment - endpoint.failed_at > COUNTED_ANEW_AFTER
        since = moment if idle else endpoint.failing_since or moment
        if endpoint.enabled and moment - since > DISABLED_AFTER:
            return self._disable(endpoint, "failing")
        waits = [timedelta(seconds=one.wait) for one in outcomes if one.unreachable]
        hold_until = moment + min(max(waits), HOLD_AT_MOST) if waits else None
        changes: dict[str, Any] = {"failing_since": since, "failed_at": moment, "hold_until": hold_until}
        self.store.endpoints.note(endpoint, changes)
        return replace(endpoint, **changes)

    def settled(self, endpoint: Endpoint) -> Endpoint:
        """With the mail to its owner in the queue, if one is owed. Whatever comes in between, its lane looks here again."""
        if not endpoint.mail_owed:
            return endpoint
        if endpoint.disabled_reason in REASONS and not endpoint.deleted and not self._mailed(endpoint):
            return endpoint
        self.store.endpoints.change(endpoint.id, {"mail_owed": False})
        return replace(endpoint, mail_owed=False)

    def _disable(self, endpoint: Endpoint, reason: str) -> Endpoint:
        """Its owner is told by mail; what waits goes on waiting."""
        off = replace(endpoint, enabled=False, disabled_reason=reason, disabled_at=now(), mail_owed=True)
        if not self.store.endpoints.disable(off):
            return replace(off, mail_owed=False)
        log.warning("hook_disabled", endpoint_id=endpoint.id, reason=reason)
        return self.settled(off)

    def _mailed(self, off: Endpoint) -> bool:
        """False when too many mails wait."""
        values = {"url": off.url, "why": REASONS[off.disabled_reason or ""], "endpoint_id": off.id}
        mail_id = derived(off.disabled_at or now(), 0, off.id)
        try:
            self.mails.queue("webhook_disabled", user_id=off.user_id, values=values, mail_id=mail_id)
        except Unavailable:
            log.warning("hook_mail_waits", endpoint_id=off.id)
            return False
        return True
