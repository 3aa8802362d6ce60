"""How long a Redis that is away or hangs is waited for, and when it is tried again."""

from __future__ import annotations

from typing import Any

from redis.backoff import NoBackoff
from redis.retry import Retry

SECONDS = 0.5
"""Deadline of a call to Redis, and of connecting."""
AGAIN_AFTER = 1.0
"""Seconds between two looks whether Redis is back."""


def deadlines() -> dict[str, Any]:
    """Options of a client. It tries twice: a connection of before Redis's restart is found dead when it is used."""
    return {"socket_timeout": SECONDS, "socket_connect_timeout": SECONDS, "retry": Retry(NoBackoff(), 1)}
