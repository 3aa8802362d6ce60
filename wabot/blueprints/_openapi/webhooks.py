"""The `webhooks` of the OpenAPI document: what wabot calls its users' programs with, one entry an event."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from ...events import REGISTRY, Event
from .._shapes.messages import Message
from .._shapes.whatsapp import Session

Node = dict[str, Any]

CARRIED: Mapping[str, type[BaseModel]] = {"message": Message, "session": Session}
"""What an event carries, by the Socket.IO event that pushes it."""
_HEADERS = {
    "webhook-id": "Unique to the event: the same at every attempt, and when it is sent again. Skip what you have handled already.",
    "webhook-timestamp": "The time of this attempt, in seconds since 1970.",
    "webhook-signature": "`v1,<base64>`, one for each secret in force, separated by spaces; see https://www.standardwebhooks.com/.",
    "wabot-event-version": "The version of the payload. It rises when a field is removed or changes its meaning.",
}
_RESPONSES: Mapping[str, Node] = {
    "2XX": {"description": "It has arrived. Answer within 15 seconds."},
    "410": {"description": "Never again: the webhook is disabled at once."},
    "default": {"description": "It is tried again for most of a day. Redirects are not followed."},
}


def webhooks(ref: Callable[[type[BaseModel]], Node]) -> Node:
    """By event type; `ref` refers to a model's schema."""
    return {name: {"post": _call(event, ref)} for name, event in REGISTRY.items()}


def _call(event: type[Event], ref: Callable[[type[BaseModel]], Node]) -> Node:
    return {
        "operationId": "on_" + event.type.replace(".", "_"),
        "tags": ["webhooks"],
        "summary": (event.__doc__ or "").rstrip("."),
        "parameters": [_header(name, words) for name, words in _HEADERS.items()],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _body(event, ref), "example": event.sample()}},
        },
        "responses": {status: dict(answer) for status, answer in _RESPONSES.items()},
        "security": [],
    }


def _header(name: str, words: str) -> Node:
    return {"name": name, "in": "header", "required": True, "description": words, "schema": {"type": "string"}}


def _body(event: type[Event], ref: Callable[[type[BaseModel]], Node]) -> Node:
    return {
        "type": "object",
        "required": ["type", "timestamp", "data"],
        "properties": {
            "type": {"const": event.type},
            "timestamp": {"type": "string", "format": "date-time", "description": "When it happened."},
            "data": ref(CARRIED[event.push]),
        },
    }
