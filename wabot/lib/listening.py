"""Listening to one's events from a developer's machine: reads `/api/events` of a running wabot, passes each on to a local port.

What arrives there is what a webhook would bring: the same body, the same `webhook-id`, a signature that verifies with `secret`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests

from . import signing
from .clock import to_rfc3339

_WAIT = 20.0
_PATIENCE = 15.0
_AGAIN_AFTER = 2.0
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})

Event = dict[str, str]


class Refused(Exception):
    """The wabot said no, in its own words: a wrong key, a missing scope. Or it is none."""


@dataclass(frozen=True)
class Listener:
    """`url` of the wabot, and an API key with the scope `read`."""

    url: str
    key: str

    def events(self, since: datetime | None, begun: Callable[[], None]) -> Iterator[Event | None]:
        """For ever: each event once, {id, type, at, session, payload}; None where the wabot can't be reached just now.

        `begun` is called when nothing is missed any more: the first answer says where to go on from. Raises Refused.
        """
        query: dict[str, Any] = {"since": to_rfc3339(since)} if since else {}
        seen: dict[str, None] = {}
        with requests.Session() as session:
            session.trust_env = False
            session.headers["Authorization"] = f"Bearer {self.key}"
            while True:
                page = self._page(session, query)
                if page is None:
                    yield None
                    time.sleep(_AGAIN_AFTER)
                    continue
                if "cursor" not in query:
                    begun()
                query = {"cursor": page["next_cursor"]}
                for event in page["items"]:
                    if event["id"] not in seen:
                        seen[event["id"]] = None
                        yield event
                for old in list(seen)[:-1000]:
                    del seen[old]

    def _page(self, session: requests.Session, query: dict[str, Any]) -> dict[str, Any] | None:
        try:
            wait = _WAIT if "cursor" in query else 0  # a first wait cut short would begin anew, after what came meanwhile
            answer = session.get(f"{self.url}/api/events", params={**query, "wait": wait}, timeout=_WAIT + _PATIENCE)
        except requests.RequestException:
            return None
        if answer.status_code in (429, 502, 503, 504):
            return None
        if not answer.ok:
            raise Refused(_detail(answer))
        return _read(answer)


def is_address(url: str) -> bool:
    """False as well for a port that no machine has."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


def is_local(url: str) -> bool:
    return is_address(url) and urlsplit(url).hostname in _LOCAL


def forward(url: str, secret: str, event: Event) -> str:
    """Post it; what came of it, in a few words."""
    body = event["payload"].encode()
    headers = signing.headers([secret], event["id"], int(time.time()), body)
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(
                url, data=body, headers={**headers, "Content-Type": "application/json"}, timeout=_PATIENCE, allow_redirects=False
            )
    except requests.RequestException:
        return "nobody answered"
    return f"answered {answer.status_code}"


def _read(answer: requests.Response) -> dict[str, Any]:
    try:
        page = answer.json()
        return {"items": page["items"], "next_cursor": page["next_cursor"]}
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("What answers at this address is no wabot.") from error


def _detail(answer: requests.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"answered {answer.status_code}"
