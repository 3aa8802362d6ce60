"""What the owner of a webhook may ask for: its URL, its events, its secret, and headers of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import Invalid
from ..events import REGISTRY
from ..lib import signing
from ..lib.outbound import Door, NotAllowed
from ..words import Text
from .telling import EVERYTHING

HEADERS_AT_MOST = 20
MASK = "•••"
"""Stands for a header's value, which is shown to nobody again; sent back, it keeps the value."""
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


def checked(asked: Mapping[str, Any], door: Door, headers: dict[str, str]) -> dict[str, Any]:
    """`asked` as it is stored; `headers` are the ones there are, whose values a mask keeps. Raises Invalid (also `url_not_allowed`)."""
    changes = dict(asked)
    if "url" in changes:
        _check_url(changes["url"], door)
    if "events" in changes:
        changes["events"] = _checked_events(changes["events"])
    if changes.get("secret") is not None and not signing.is_secret(changes["secret"]):
        raise Invalid.field("secret", "must be whsec_ and the base64 of 24 to 64 bytes")
    if "headers" in changes:
        changes["headers"] = _checked_headers(changes["headers"], headers)
    return changes


def _check_url(url: str, door: Door) -> None:
    try:
        door.check(url)
    except NotAllowed as refused:
        raise Invalid.field("url", str(refused), code="url_not_allowed") from refused


def _checked_events(asked: list[str]) -> list[str]:
    unknown = [one for one in asked if one not in REGISTRY and one != EVERYTHING]
    if unknown or not asked:
        choose = Text("choose from %(choices)s, or * for all", choices=", ".join(REGISTRY))
        why = (
            Text("%(event)s is not a known event: %(choose)s", event=repr(unknown[0][:60]), choose=choose) if unknown else choose
        )
        raise Invalid.field("events", why)
    return [EVERYTHING] if EVERYTHING in asked else sorted(set(asked), key=list(REGISTRY).index)


def _checked_headers(asked: Mapping[str, str], known: dict[str, str]) -> list[list[str]]:
    if len(asked) > HEADERS_AT_MOST:
        raise Invalid.field("headers", Text("are limited to %(most)s", most=HEADERS_AT_MOST))
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
