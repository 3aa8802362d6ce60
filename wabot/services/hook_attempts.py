"""One attempt to deliver an event to an endpoint, and what it means for the delivery."""

from __future__ import annotations

import json
import random
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from .. import __version__
from ..config import Settings
from ..events import REGISTRY, body
from ..lib import signing
from ..lib.clock import now, to_rfc3339
from ..lib.crash_points import crash_point
from ..lib.log import get_logger
from ..lib.outbound import Answer, Door, NotAllowed, Unreachable
from ..store import Store
from ..store.hook_records import Endpoint, ToldEvent, WaitingDelivery
from ..words import N_

TIMEOUT = 15.0
JITTER = (0.9, 1.2)
LONGEST_RETRY_AFTER = 24 * 3600.0
GONE = 410

log = get_logger(__name__)


@dataclass(frozen=True)
class Outcome:
    """`unreachable`: nobody answered at all. `wait`: seconds the receiver asked for, or until this one's next attempt."""

    delivered: bool
    gone: bool = False
    unreachable: bool = False
    wait: float = 0.0


@dataclass(frozen=True)
class Attempts:
    store: Store
    door: Door
    settings: Settings

    def make(self, endpoint: Endpoint, delivery: WaitingDelivery, event: ToldEvent | None) -> Outcome:
        """Call the endpoint and note what came of it. Killed in between, it is called again, with the same `webhook-id`."""
        if event is None:
            attempt: dict[str, Any] = {
                "at": now(),
                "status_code": None,
                "duration_ms": 0,
                "error": N_("the event is no longer kept"),
            }
            self.store.hook_deliveries.attempted(delivery.id, attempt, {"status": "failed", "due": ""})
            return Outcome(delivered=False)
        crash_point("hook.before-attempt")
        started, at = time.monotonic(), now()
        answer, error = self._call(endpoint, event)
        took = int((time.monotonic() - started) * 1000)
        crash_point("hook.after-attempt")
        attempt = {"at": at, "status_code": answer and answer.status, "duration_ms": took, "error": error}
        return self._note(endpoint, delivery, {**attempt, "response": answer.body if answer else ""}, answer)

    def _call(self, endpoint: Endpoint, event: ToldEvent) -> tuple[Answer | None, str | None]:
        payload = payload_of(event)
        try:
            answer = self.door.post(endpoint.url, payload, headers_of(endpoint, event, payload), timeout=TIMEOUT)
        except NotAllowed as refused:
            return None, f"not sent: the URL {refused}"
        except Unreachable as error:
            return None, str(error)
        return answer, None if 200 <= answer.status < 300 else f"answered {answer.status}"

    def _note(self, endpoint: Endpoint, delivery: WaitingDelivery, attempt: dict[str, Any], answer: Answer | None) -> Outcome:
        tries = delivery.tries + 1
        if attempt["error"] is None:
            changes: dict[str, Any] = {"status": "delivered", "due": "", "tries": tries, "forced": False}
            self.store.hook_deliveries.attempted(delivery.id, attempt, changes)
            return Outcome(delivered=True)
        delays = [float(one) for one in self.settings.webhook_retries.split(",")]
        wait = max(delays[tries] * random.uniform(*JITTER) if tries < len(delays) else 0.0, asked_wait(answer))
        exhausted = tries >= len(delays)
        due = "" if exhausted else to_rfc3339(now() + timedelta(seconds=wait))
        # One that fails by itself would else be tried, and used up, with each success of the others.
        ahead = "was" if delivery.ahead == "now" or asked_wait(answer) > 0 else ""
        changes = {"status": "failed" if exhausted else "pending", "due": due, "tries": tries, "ahead": ahead}
        self.store.hook_deliveries.attempted(delivery.id, attempt, changes)
        log.info("hook_failed", endpoint_id=endpoint.id, delivery_id=delivery.id, tries=tries, error=attempt["error"])
        gone = answer is not None and answer.status == GONE
        return Outcome(delivered=False, gone=gone, unreachable=answer is None or asked_wait(answer) > 0, wait=wait)


def asked_wait(answer: Answer | None) -> float:
    """Seconds of a `Retry-After`, a day at most."""
    return min(answer.retry_after or 0.0, LONGEST_RETRY_AFTER) if answer else 0.0


def payload_of(event: ToldEvent) -> bytes:
    """The very bytes that are sent and signed, the same at every attempt."""
    shape = body(event.type, to_rfc3339(event.at), event.data)
    return json.dumps(shape, ensure_ascii=False, separators=(",", ":")).encode()


def public_id(event: ToldEvent) -> str:
    """The `webhook-id`: always the same for an event, whatever endpoint and attempt."""
    return f"evt_{event.id}"


def headers_of(endpoint: Endpoint, event: ToldEvent, payload: bytes) -> dict[str, str]:
    moment = now()
    in_force = [one["secret"] for one in endpoint.secrets if one["until"] is None or one["until"] > moment]
    known = REGISTRY.get(event.type)
    return {
        "User-Agent": f"wabot/{__version__}",
        **dict(endpoint.headers),
        "Content-Type": "application/json",
        "Wabot-Event-Version": str(known.version if known else 1),
        **signing.headers(in_force, public_id(event), int(moment.timestamp()), payload),
    }
