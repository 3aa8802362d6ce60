"""Webhook endpoints and deliveries as the outside sees them; a secret or a header's value only where it was just given."""

from __future__ import annotations

import json
from typing import Any

from ..lib.clock import now, optional_rfc3339, to_rfc3339
from ..store.hook_records import Endpoint, HookDelivery, ToldEvent
from .hook_attempts import headers_of, payload_of
from .hook_care import DISABLED_AFTER, REASONS
from .webhook_checks import MASK
from .webhooks import shown_status

Shape = dict[str, Any]


def endpoint(record: Endpoint, *, secret: bool = False) -> Shape:
    """The webhook object, with `secret` only right after it was made. `status` is one of working, failing, disabled."""
    shape: Shape = {
        "id": record.id,
        "url": record.url,
        "events": record.events,
        "enabled": record.enabled,
        "description": record.description,
        "sessions": record.sessions,
        "headers": {name: MASK for name, _ in record.headers},
        "status": "disabled" if not record.enabled else "failing" if record.failing_since else "working",
        "disabled_reason": record.disabled_reason,
        "disabled_at": optional_rfc3339(record.disabled_at),
        "failing_since": optional_rfc3339(record.failing_since),
        "last_success_at": optional_rfc3339(record.last_success_at),
        "replaying": record.replay is not None,
        "created_at": to_rfc3339(record.created_at),
        "updated_at": to_rfc3339(record.updated_at),
    }
    return {**shape, "secret": record.secrets[0]["secret"]} if secret else shape


def endpoint_for_page(record: Endpoint) -> Shape:
    """And what only its page shows."""
    moment = now()
    ends = record.failing_since + DISABLED_AFTER if record.failing_since else None
    earlier = [one["until"] for one in record.secrets if one["until"] and one["until"] > moment]
    return {
        **endpoint(record),
        "why_disabled": REASONS.get(record.disabled_reason or ""),
        "disabled_by_us": record.disabled_reason in REASONS,
        "disables_at": optional_rfc3339(ends),
        "earlier_secret_until": optional_rfc3339(max(earlier, default=None)),
        "all_events": record.events == ["*"],
    }


def delivery(record: HookDelivery) -> Shape:
    """The delivery object. `next_attempt_at` is null where none is planned (yet)."""
    return {
        "id": record.id,
        "event": record.event,
        "event_id": f"evt_{record.event_id}",
        "session": record.session,
        "status": shown_status(record),
        "created_at": to_rfc3339(record.created_at),
        "next_attempt_at": record.due if record.due > to_rfc3339(now()) else None,
        "attempts": [_attempt(one) for one in record.attempts],
    }


def delivery_in_full(of: Endpoint, record: HookDelivery, event: ToldEvent | None) -> Shape:
    """And the request as it is made: `{url, headers, body}`, null where the event is no longer kept. The signature is that of
    an attempt made now; values of the owner's own headers are masked."""
    request: Shape | None = None
    if event:
        payload = payload_of(event)
        own = {name: MASK for name, _ in of.headers}
        request = {"url": of.url, "headers": {**headers_of(of, event, payload), **own}, "body": payload.decode()}
    return {**delivery(record), "request": request}


def pretty(body: str) -> str:
    """JSON for people; what isn't JSON as it is."""
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body


def _attempt(one: Shape) -> Shape:
    return {**one, "at": to_rfc3339(one["at"]), "response": one.get("response", "")}
