"""Webhook endpoints as their owners see them: making, changing, testing them, and sending again what they had or missed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..errors import Conflict, Invalid, NotFound
from ..events import REGISTRY
from ..lib import signing
from ..lib.clock import now, to_rfc3339
from ..lib.outbound import Door
from ..store import Store
from ..store.hook_deliveries import PARKED
from ..store.hook_records import Endpoint, HookDelivery, ToldEvent
from ..store.ids import new_id
from ..store.records import Page
from ..words import Text
from . import webhook_checks
from .hearing import Hearing
from .telling import EVERYTHING, delivery_of, due_now

PER_USER = 10
OVERLAP = timedelta(hours=24)
"""How long an earlier secret signs along after a rotation."""
UNDO = timedelta(minutes=10)
"""How long a deletion, or a switching off, can be taken back without loss."""
_FORM_LIFETIME = timedelta(hours=24)
_WRITTEN_WITHIN = timedelta(minutes=1)
"""So long the write that takes it back may take: more than any call to the store."""
_BY_OWNER, _DELETED = "owner", "deleted"
"""Why an endpoint is off, beside the reasons of `hook_care`."""
_SECRETS_AT_MOST = 3


@dataclass(frozen=True)
class DeliveryFilter:
    status: str | None = None
    event: str | None = None
    since: datetime | None = None


@dataclass(frozen=True)
class Webhooks:
    store: Store
    door: Door
    hearing: Hearing
    ring: Callable[[], object]

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
        changes = webhook_checks.checked({"events": [], **asked}, self.door, {})
        moment = now()
        if form_token and not self.store.idempotency.first_use(user_id, "webhook-form", form_token, moment + _FORM_LIFETIME):
            raise Conflict("This form was sent before, and its webhook was created then.", code="form_sent_before")
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
        changes = webhook_checks.checked(asked, self.door, dict(endpoint.headers))
        moment = now()
        secret = changes.pop("secret", None)
        if secret:
            changes["secrets"] = _rotated(endpoint, secret)
        changes |= _switched(endpoint, changes.get("enabled", endpoint.enabled), moment)
        if changes.get("url", endpoint.url) != endpoint.url:
            changes |= {"failing_since": None, "hold_until": None}
        changes["updated_at"] = moment
        if not secret:
            self.store.endpoints.change(endpoint.id, changes)
        elif not self.store.endpoints.change_secrets(endpoint, changes):
            return self.change(user_id, endpoint_id, asked)  # another rotation came between: its secret signs along
        if "failing_since" in changes:  # counted anew: what failed until now may well arrive
            self.store.hook_deliveries.pull_forward(endpoint.id, to_rfc3339(moment), held_back=True)
        self._ring(endpoint)
        return self.one(user_id, endpoint_id)

    def rotate(self, user_id: str, endpoint_id: str) -> Endpoint:
        """A new secret, to be shown now; for a day the previous one signs as well."""
        secret = signing.new_secret()
        changed = self.change(user_id, endpoint_id, {"secret": secret})
        others = [one for one in changed.secrets if one["secret"] != secret]  # one of them may have been made since
        return replace(changed, secrets=[{"secret": secret, "until": None}, *others])

    def delete(self, user_id: str, endpoint_id: str) -> None:
        """At once for everybody; the worker erases it and its deliveries, when it can't be restored any more."""
        endpoint, moment = self.one(user_id, endpoint_id), now()
        changes = {"deleted": True, "deleted_at": moment, "enabled": False, "due": ""}
        if endpoint.enabled:
            changes |= {"disabled_reason": _DELETED, "disabled_at": moment}
        self.store.endpoints.change(endpoint.id, changes)

    def undo(self, user_id: str, endpoint_id: str) -> Endpoint:
        """Take back a deletion, or a switching off by its owner, for ten minutes; what happened since is sent.

        Harmless when it was taken back before. Raises NotFound, Conflict (`too_many_webhooks`).
        """
        endpoint, moment = self.store.endpoints.get(endpoint_id), now()
        if endpoint is None or endpoint.user_id != user_id or not _undoable(endpoint, moment):
            raise NotFound("There is no such webhook, or it is too late to restore it.")
        if endpoint.deleted and len(self.of_user(user_id)) >= PER_USER:
            raise _too_many()
        self.hearing.begin(user_id)
        # Due in the same write: killed before the ring, its lane is found all the same.
        changes: dict[str, Any] = {"deleted": False, "deleted_at": None, "updated_at": moment, "due": due_now()}
        if endpoint.disabled_at and endpoint.disabled_reason == (_DELETED if endpoint.deleted else _BY_OWNER):
            # Some was not told yet when it went off; and what is told before this is written doesn't go there by itself.
            missed = _replay(endpoint, endpoint.disabled_at - UNDO, moment + _WRITTEN_WITHIN, missed=True)
            changes |= {"enabled": True, "disabled_reason": None, "disabled_at": None, "replay": missed}
        self.store.endpoints.change(endpoint.id, changes)
        self._ring(endpoint)
        return self.one(user_id, endpoint_id)

    def test(self, user_id: str, endpoint_id: str, event_type: str | None = None) -> HookDelivery:
        """Send the sample of an event, also to an endpoint that is switched off."""
        endpoint = self.one(user_id, endpoint_id)
        chosen = event_type or next((one for one in endpoint.events if one != EVERYTHING), "message.received")
        if chosen not in REGISTRY:
            choose = Text("choose from %(choices)s", choices=", ".join(REGISTRY))
            raise Invalid.field(
                "event", Text("%(event)s is not a known event: %(choose)s", event=repr(chosen[:60]), choose=choose)
            )
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

        statuses = [asked.status, *([PARKED] if asked.status == "pending" else [])] if asked.status else []
        return self.store.hook_deliveries.page(
            endpoint.id, limit=limit, cursor=cursor, statuses=statuses, since=asked.since, wanted=wanted
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
        replay = _replay(endpoint, since, min(until or moment, moment))
        self.store.endpoints.change(endpoint.id, {"replay": replay})
        self._ring(endpoint)

    def _ring(self, endpoint: Endpoint) -> None:
        """At once, even if nobody answered there a moment ago."""
        self.store.endpoints.ring([endpoint.id], due_now(), {"hold_until": None})
        self.ring()


def _too_many() -> Conflict:
    words = Text("You have %(most)s webhooks, which is the maximum: delete one first.", most=PER_USER)
    return Conflict(words, code="too_many_webhooks")


def _switched(endpoint: Endpoint, on: bool, moment: datetime) -> dict[str, Any]:
    """What else changes when its owner switches it on or off; nothing for one that is so already."""
    if on == endpoint.enabled:
        return {}
    if on:
        return {"disabled_reason": None, "disabled_at": None, "failing_since": None, "hold_until": None, "since": moment}
    return {"disabled_reason": _BY_OWNER, "disabled_at": moment}


def _undoable(endpoint: Endpoint, moment: datetime) -> bool:
    """Also when it was taken back just now: a second click finds it as it is."""
    off_since = endpoint.deleted_at if endpoint.deleted else endpoint.disabled_at
    if off_since is None:
        return not endpoint.deleted
    return moment - off_since < UNDO and (endpoint.deleted or endpoint.disabled_reason == _BY_OWNER)


def _replay(endpoint: Endpoint, since: datetime, until: datetime, *, missed: bool = False) -> dict[str, Any]:
    """What is to be sent again from now on. Includes what an earlier replay, still under way, was to send."""
    if endpoint.replay:
        since, until = min(since, endpoint.replay["since"]), max(until, endpoint.replay["until"])
        missed = missed and endpoint.replay.get("missed", False)
    return {"id": new_id(), "since": since, "until": until, "after": "", "missed": missed}


def shown_status(delivery: HookDelivery) -> str:
    return "pending" if delivery.status == PARKED else delivery.status


def _rotated(endpoint: Endpoint, secret: str) -> list[dict[str, Any]]:
    moment = now()
    earlier = [{**one, "until": one["until"] or moment + OVERLAP} for one in endpoint.secrets]
    in_force = [one for one in earlier if one["until"] > moment and one["secret"] != secret]
    return [{"secret": secret, "until": None}, *in_force][:_SECRETS_AT_MOST]
