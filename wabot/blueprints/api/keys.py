"""/api/keys: make, list, revoke. A login token is needed: a key never makes keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from ...services import present
from ...services.keys import DEFAULT_SCOPES
from .._answers import answers
from .._context import services
from .._shapes import Items
from .._shapes.accounts import ApiKey, NewApiKey
from . import bp
from ._request import Body, ListQuery, Time, audited, body, caller, needs, query


class NewKey(Body):
    name: Annotated[str, Field(min_length=1, max_length=100)]
    """The program that will use it."""
    scopes: Annotated[Sequence[str], Field(max_length=10)] = DEFAULT_SCOPES
    """Any of `send`, `read` and `manage`."""
    expires_at: Time | None = None
    """From then on the key is refused; at most ten years ahead."""


@bp.get("/keys")
@needs(login=True)
@answers({200: Items[ApiKey]})
def list_keys() -> dict[str, Any]:
    """List your API keys, newest first."""
    asked = query(ListQuery)
    keys = services().keys.of_user(caller().user.id)
    return asked.page([present.api_key(one) for one in keys], "id", newest_first=True)


@bp.post("/keys")
@needs(login=True)
@answers({201: NewApiKey}, ["too_many_keys"], example={"name": "Shop backend", "scopes": ["send", "read"]})
def make_key() -> tuple[dict[str, Any], int]:
    """Create an API key. `key` is shown only now. The scope `send` allows sending and cancelling, `read` reading status, messages
    and chats, `manage` managing sessions and webhooks."""
    asked = body(NewKey)
    expires_at: datetime | None = asked.expires_at
    record, secret = services().keys.make(audited(), asked.name, asked.scopes, expires_at)
    return {**present.api_key(record), "key": secret}, 201


@bp.delete("/keys/<key_id>")
@needs(login=True)
@answers({204: None})
def revoke_key(key_id: str) -> tuple[str, int]:
    """Revoke an API key. Programs that use it are refused at once."""
    services().keys.revoke(audited(), key_id)
    return "", 204
