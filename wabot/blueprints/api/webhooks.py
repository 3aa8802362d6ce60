"""/api/webhooks: endpoints, their tests, and the log of their deliveries."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from ...services import hook_shapes
from ...services.webhooks import DeliveryFilter
from .._answers import answers
from .._context import services
from .._shapes import Items
from .._shapes.webhooks import Delivery, DeliveryInFull, Webhook
from . import bp
from ._request import Body, Cursor, Limit, ListQuery, Time, body, caller, needs, query

Url = Annotated[str, Field(min_length=1, max_length=3000)]
Events = Annotated[list[Annotated[str, Field(max_length=100)]], Field(min_length=1, max_length=100)]
Secret = Annotated[str, Field(max_length=200)]
Sessions = Annotated[list[Annotated[str, Field(min_length=1, max_length=100)]], Field(max_length=50)]
Headers = Annotated[dict[str, Annotated[str, Field(max_length=2000)]], Field(max_length=50)]
Description = Annotated[str, Field(max_length=200)]


class NewWebhook(Body):
    url: Url
    """Where events are posted to: a public address, https in production."""
    events: Events
    """Names of events, or `*` for all; see /docs/webhooks."""
    secret: Secret | None = None
    """`whsec_` and base64; by default a new one is made."""
    enabled: bool = True
    sessions: Sessions = Field(default_factory=list)
    """Only events of these sessions, which needn't exist yet; empty for all."""
    headers: Headers = Field(default_factory=dict)
    """Headers to send with each request."""
    description: Description = ""


class WebhookChanges(Body):
    """What isn't named stays as it is."""

    url: Url = ""
    events: Events = Field(default_factory=list)
    secret: Secret = ""
    enabled: bool = True
    sessions: Sessions = Field(default_factory=list)
    headers: Headers = Field(default_factory=dict)
    description: Description = ""


class TestOrder(Body):
    event: Annotated[str, Field(max_length=100)] | None = None


class Replay(Body):
    since: Time
    until: Time | None = None


class DeliveryQuery(Body):
    status: Literal["pending", "delivered", "failed"] | None = None
    event: Annotated[str, Field(max_length=100)] | None = None
    since: Time | None = None
    cursor: Cursor | None = None
    limit: Limit = 50


@bp.get("/webhooks")
@needs("manage")
@answers({200: Items[Webhook]})
def list_webhooks() -> dict[str, Any]:
    """List your webhooks, oldest first."""
    asked = query(ListQuery)
    return asked.page([hook_shapes.endpoint(one) for one in services().webhooks.of_user(caller().user.id)], "id")


@bp.post("/webhooks")
@needs("manage")
@answers(
    {201: Webhook},
    ["url_not_allowed", "too_many_webhooks"],
    example={"url": "https://shop.example.com/hooks/wabot", "events": ["message.received", "message.failed"]},
)
def make_webhook() -> tuple[dict[str, Any], int]:
    """Create a webhook. `secret` is shown only now; if you give none, one is made. For what is sent and how to check its signature,
    see /docs/webhooks."""
    made = services().webhooks.create(caller().user.id, body(NewWebhook).model_dump())
    return hook_shapes.endpoint(made, secret=True), 201


@bp.get("/webhooks/<endpoint_id>")
@needs("manage")
@answers({200: Webhook})
def one_webhook(endpoint_id: str) -> dict[str, Any]:
    """Get a webhook."""
    return hook_shapes.endpoint(services().webhooks.one(caller().user.id, endpoint_id))


@bp.patch("/webhooks/<endpoint_id>")
@needs("manage")
@answers({200: Webhook}, ["url_not_allowed"], example={"enabled": False})
def change_webhook(endpoint_id: str) -> dict[str, Any]:
    """Change a webhook. What isn't named stays as it is. The change takes effect at once."""
    asked = body(WebhookChanges).model_dump(exclude_unset=True)
    changed = services().webhooks.change(caller().user.id, endpoint_id, asked)
    return hook_shapes.endpoint(changed, secret="secret" in asked)


@bp.delete("/webhooks/<endpoint_id>")
@needs("manage")
@answers({204: None})
def delete_webhook(endpoint_id: str) -> tuple[str, int]:
    """Delete a webhook."""
    services().webhooks.delete(caller().user.id, endpoint_id)
    return "", 204


@bp.post("/webhooks/<endpoint_id>/rotate-secret")
@needs("manage")
@answers({200: Webhook})
def rotate_webhook_secret(endpoint_id: str) -> dict[str, Any]:
    """Make a new secret. For a day, requests are signed with the old one as well."""
    return hook_shapes.endpoint(services().webhooks.rotate(caller().user.id, endpoint_id), secret=True)


@bp.post("/webhooks/<endpoint_id>/test")
@needs("manage")
@answers({202: Delivery}, example={"event": "message.received"})
def test_webhook(endpoint_id: str) -> tuple[dict[str, Any], int]:
    """Send a sample event, even to a webhook that is switched off."""
    return hook_shapes.delivery(services().webhooks.test(caller().user.id, endpoint_id, body(TestOrder).event)), 202


@bp.get("/webhooks/<endpoint_id>/deliveries")
@needs("manage")
@answers({200: Items[Delivery]})
def list_deliveries(endpoint_id: str) -> dict[str, Any]:
    """List the deliveries of a webhook, newest first."""
    asked = query(DeliveryQuery)
    endpoint = services().webhooks.one(caller().user.id, endpoint_id)
    wanted = DeliveryFilter(asked.status, asked.event, asked.since)
    page = services().webhooks.deliveries(endpoint, wanted, limit=asked.limit, cursor=asked.cursor)
    return {"items": [hook_shapes.delivery(one) for one in page.items], "next_cursor": page.next_cursor}


@bp.get("/webhooks/<endpoint_id>/deliveries/<delivery_id>")
@needs("manage")
@answers({200: DeliveryInFull})
def one_delivery(endpoint_id: str, delivery_id: str) -> dict[str, Any]:
    """Get a delivery, with its request."""
    endpoint = services().webhooks.one(caller().user.id, endpoint_id)
    found = services().webhooks.delivery(endpoint, delivery_id)
    return hook_shapes.delivery_in_full(endpoint, found, services().webhooks.event_of(found))


@bp.post("/webhooks/<endpoint_id>/deliveries/<delivery_id>/redeliver")
@needs("manage")
@answers({202: Delivery})
def redeliver(endpoint_id: str, delivery_id: str) -> tuple[dict[str, Any], int]:
    """Deliver an event again, with the same `webhook-id`."""
    return hook_shapes.delivery(services().webhooks.redeliver(caller().user.id, endpoint_id, delivery_id)), 202


@bp.post("/webhooks/<endpoint_id>/redeliver")
@needs("manage")
@answers({202: Webhook}, example={"since": "2026-01-31T12:00:00Z"})
def redeliver_range(endpoint_id: str) -> tuple[dict[str, Any], int]:
    """Deliver everything from `since` on again."""
    asked = body(Replay)
    services().webhooks.replay(caller().user.id, endpoint_id, asked.since, asked.until)
    return hook_shapes.endpoint(services().webhooks.one(caller().user.id, endpoint_id)), 202
