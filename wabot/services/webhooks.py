"""Webhook endpoints as their owners see them: making, changing, testing them, and sending again what they had or missed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..errors import Conflict, Invalid, NotFound
from ..events import REGISTRY
from ..lib import signing
from ..lib.clock import now, to_rfc3339
from ..lib.outbound import Door, NotAllowed
from ..store import Store
from ..store.hook_deliveries import PARKED
from ..store.hook_records import Endpoint, HookDelivery, ToldEvent
from ..store.idempotency import Remembered
from ..store.ids import new_id
from ..store.records import Page
from ..words import Text
from .hearing import Hearing
from .telling import EVERYTHING, delivery_of, due_now

PER_USER = 10
HEADERS_AT_MOST = 20
OVERLAP = timedelta(hours=24)
"""How long an earlier secret signs along after a rotation."""
MASK = "•••"
"""Stands for a header's value, which is shown to nobody again; sent back, it keeps the value."""
_SECRETS_AT_MOST = 3
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", re.ASCII)
_HEADER_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]{0,998}[\x21-\x7e])?", re.ASCII)
_OURS = frozenset(
    [
        "accept-encoding",
        "connection",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "keep-alive",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    ]
)
_OUR_PREFIXES = ("webhook-", "wabot-", "proxy-", "sec-")


@dataclass(frozen=True)
class DeliveryFilter:
    status: str | None = None
    event: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class WebhookService:
    store: Store
    door: Door
    hearing: Hearing
    ring: Callable[[], None]

    def of_user(self, user_id: str) -> list[Endpoint]:
        return self.store.endpoints.of_user(user_id)

    def one(self, user_id: str, endpoint_id: str) -> Endpoint:
        found = self.store.endpoints.get(endpoint_id)
        if found is None or found.user_id != user_id or found.deleted:
            raise NotFound("There is no such webhook.")
        return found

    def create(self, user_id: str, asked: Mapping[str, Any], *, form_token: str = "") -> Endpoint:
        """`asked`: url, events, and maybe secret, enabled, sessions, headers, description.

        One `form_token` makes one: a page that was reloaded raises Conflict `form_sent_before`. Raises Invalid (also
        `url_not_allowed`), Conflict `too_many_webhooks`. The secret is to be shown now.
        """
        if len(self.of_user(user_id)) >= PER_USER:
            raise _too_many()
        changes = self._checked({"events": [], **asked}, [])
        moment = now()
        if form_token and not self._first_use(user_id, form_token):
            raise Conflict("This form was sent before, and its webhook was made then.", code="form_sent_before")
        secret = changes.pop("secret", None) or signing.new_secret()
        self.hearing.begin(user_id)
        fields = {"user_id": user_id, "created_at": moment, "since": moment, "secrets": [{"secret": secret, "until": None}]}
        made = self.store.endpoints.add({**fields, **changes, "updated_at": moment})
        if len(self.of_user(user_id)) > PER_USER:  # others were made at the same moment
            self.store.endpoints.remove(made.id)
            raise _too_many()
        return made

    def change(self, user_id: str, endpoint_id: str, asked: Mapping[str, Any]) -> Endpoint:
        """What isn't in `asked` stays. Raises NotFound, Invalid."""
        endpoint = self.one(user_id, endpoint_id)
        changes = self._checked(asked, endpoint.headers)
        moment = now()
        if secret := changes.pop("secret", None):
            changes["secrets"] = _rotated(endpoint, secret)
        if changes.get("enabled") and not endpoint.enabled:
            changes |= {"disabled_reason": None, "disabled_at": None, "failing_since": None, "hold_until": None, "since": moment}
        elif changes.get("enabled") is False and endpoint.enabled:
            changes |= {"disabled_reason": "owner", "disabled_at": moment}
        if changes.get("url", endpoint.url) != endpoint.url:
            changes |= {"failing_since": None, "hold_until": None}
        self.store.endpoints.change(endpoint.id, {**changes, "updated_at": moment})
        self._ring(endpoint)
        return self.one(user_id, endpoint_id)

    def rotate(self, user_id: str, endpoint_id: str) -> Endpoint:
        """A new secret, to be shown now; the one before signs along for a day."""
        return self.change(user_id, endpoint_id, {"secret": signing.new_secret()})

    def delete(self, user_id: str, endpoint_id: str) -> None:
        """At once for everybody; the worker erases its deliveries."""
        endpoint = self.one(user_id, endpoint_id)
        self.store.endpoints.change(endpoint.id, {"deleted": True, "enabled": False, "due": ""})

    def test(self, user_id: str, endpoint_id: str, event_type: str | None = None) -> HookDelivery:
        """Send the sample of an event, also to an endpoint that is switched off."""
        endpoint = self.one(user_id, endpoint_id)
        chosen = event_type or next((one for one in endpoint.events if one != EVERYTHING), "message.received")
        if chosen not in REGISTRY:
            raise Invalid.field("event", "is not an event there is")
        moment, event_id = now(), new_id()
        event = ToldEvent(
            id=event_id, user_id=user_id, told=event_id, type=chosen, at=moment, known=moment, session="default", key=event_id,
            place=0, data=REGISTRY[chosen].sample()["data"], only=endpoint.id,
        )  # fmt: skip
        delivery = delivery_of(endpoint, event, forced=True)
        self.store.event_log.add_many([event])
        self.store.hook_deliveries.add_many([delivery])
        self._ring(endpoint)
        return delivery

    def deliveries(self, endpoint: Endpoint, asked: DeliveryFilter, *, limit: int, cursor: str | None) -> Page:
        """Newest first. `pending` are also those that wait for room."""

        def wanted(document: dict[str, Any]) -> bool:
            return asked.event is None or document["event"] == asked.event

        return self.store.hook_deliveries.page(
            endpoint.id, limit=limit, cursor=cursor, status=asked.status, since=asked.since, wanted=wanted
        )

    def delivery(self, endpoint: Endpoint, delivery_id: str) -> HookDelivery:
        found = self.store.hook_deliveries.one(endpoint.user_id, endpoint.id, delivery_id)
        if found is None:
            raise NotFound("There is no such delivery.")
        return found

    def event_of(self, delivery: HookDelivery) -> ToldEvent | None:
        return self.store.event_log.get_many([delivery.event_id]).get(delivery.event_id)

    def redeliver(self, user_id: str, endpoint_id: str, delivery_id: str) -> HookDelivery:
        """Once more, with the same `webhook-id` and a schedule from its start. Raises NotFound."""
        endpoint = self.one(user_id, endpoint_id)
        found = self.delivery(endpoint, delivery_id)
        self.store.hook_deliveries.order([found.id], to_rfc3339(now()))
        self._ring(endpoint)
        return self.delivery(endpoint, delivery_id)

    def replay(self, user_id: str, endpoint_id: str, since: datetime, until: datetime | None = None) -> None:
        """Everything that happened from `since` on and that the endpoint is for, also what it missed while it was off."""
        endpoint = self.one(user_id, endpoint_id)
        moment = now()
        if since > moment or (until and until <= since):
            raise Invalid.field("since", "must lie in the past, and before the end")
        if endpoint.replay:  # one that is under way is taken along
            since, until = min(since, endpoint.replay["since"]), max(until or moment, endpoint.replay["until"])
        replay = {"id": new_id(), "since": since, "until": min(until or moment, moment), "after": ""}
        self.store.endpoints.change(endpoint.id, {"replay": replay})
        self._ring(endpoint)

    def _first_use(self, user_id: str, form_token: str) -> bool:
        mine = Remembered(new_id(), "webhook-form")
        return self.store.idempotency.remember(user_id, f"webhook-form:{form_token[:64]}", mine, now() + OVERLAP) == mine

    def _ring(self, endpoint: Endpoint) -> None:
        """At once, even if nobody answered there a moment ago."""
        self.store.endpoints.ring([endpoint.id], due_now(), {"hold_until": None})
        self.ring()

    def _checked(self, asked: Mapping[str, Any], headers: list[list[str]]) -> dict[str, Any]:
        changes = dict(asked)
        if "url" in changes:
            self._check_url(changes["url"])
        if "events" in changes:
            changes["events"] = _checked_events(changes["events"])
        if changes.get("secret") is not None and not signing.is_secret(changes["secret"]):
            raise Invalid.field("secret", "must be whsec_ and the base64 of 24 to 64 bytes")
        if "headers" in changes:
            changes["headers"] = _checked_headers(changes["headers"], dict(headers))
        return changes

    def _check_url(self, url: str) -> None:
        try:
            self.door.check(url)
        except NotAllowed as refused:
            raise Invalid.field("url", str(refused), code="url_not_allowed") from refused


def _too_many() -> Conflict:
    return Conflict(
        f"You have {PER_USER} webhooks, which is as many as there may be: delete one first.", code="too_many_webhooks"
    )


def shown_status(delivery: HookDelivery) -> str:
    return "pending" if delivery.status == PARKED else delivery.status


def _checked_events(asked: list[str]) -> list[str]:
    unknown = [one for one in asked if one not in REGISTRY and one != EVERYTHING]
    if unknown or not asked:
        choose = Text("choose from %(choices)s, or * for all", choices=", ".join(REGISTRY))
        why = Text("%(event)s is none: %(choose)s", event=repr(unknown[0][:60]), choose=choose) if unknown else choose
        raise Invalid.field("events", why)
    return [EVERYTHING] if EVERYTHING in asked else sorted(set(asked), key=list(REGISTRY).index)


def _checked_headers(asked: Mapping[str, str], known: dict[str, str]) -> list[list[str]]:
    if len(asked) > HEADERS_AT_MOST:
        raise Invalid.field("headers", Text("may be %(most)s at most", most=HEADERS_AT_MOST))
    for name, value in asked.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OURS or name.lower().startswith(_OUR_PREFIXES):
            raise Invalid.field("headers", Text("%(name)s can't be set", name=repr(name[:60])))
        if value != MASK and not _HEADER_VALUE.fullmatch(value):
            raise Invalid.field("headers", Text("the value of %(name)s must be 1 to 1000 plain characters", name=repr(name[:60])))
        if value == MASK and name not in known:
            raise Invalid.field("headers", Text("the value of %(name)s is missing", name=repr(name[:60])))
    if len({name.lower() for name in asked}) < len(asked):
        raise Invalid.field("headers", "names one of them twice")
    return [[name, known[name] if value == MASK else value] for name, value in asked.items()]


def _rotated(endpoint: Endpoint, secret: str) -> list[dict[str, Any]]:
    moment = now()
    earlier = [{**one, "until": one["until"] or moment + OVERLAP} for one in endpoint.secrets]
    in_force = [one for one in earlier if one["until"] > moment and one["secret"] != secret]
    return [{"secret": secret, "until": None}, *in_force][:_SECRETS_AT_MOST]
