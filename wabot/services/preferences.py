"""What an admin may change while wabot runs: limits, pacing, registration. Read through a cache of at most one second."""

from __future__ import annotations

import threading
import time
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..config import Settings
from ..errors import Invalid
from ..store import DATABASE_DOWN, Store

_CACHE_SECONDS = 1.0
_Count = Annotated[int, Field(ge=1, le=1_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RateLimits(_Strict):
    """`enabled` governs sending and API calls; login and registration limits always hold."""

    enabled: bool = True
    send_per_minute: _Count = 60
    send_per_day: _Count = 5000
    api_per_minute: _Count = 1200
    login_per_minute: _Count = 10
    register_per_hour: _Count = 100


class Pacing(_Strict):
    """Between messages of one session on the live network; never in the sandbox. Milliseconds."""

    enabled: bool = True
    min_gap_ms: Annotated[int, Field(ge=0, le=600_000)] = 2000
    jitter_ms: Annotated[int, Field(ge=0, le=600_000)] = 1500
    per_day: _Count = 1000


class Values(_Strict):
    rate_limits: RateLimits = RateLimits()
    pacing: Pacing = Pacing()
    registration_open: bool = True
    sessions_per_user: Annotated[int, Field(ge=1, le=200)] = 10


class Preferences:
    """Safe for threads. When the database is away the last good values hold."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._defaults = Values(registration_open=not settings.production)
        self._values = self._defaults
        self._read_at = float("-inf")
        self._lock = threading.Lock()

    def current(self) -> Values:
        with self._lock:
            if time.monotonic() - self._read_at > _CACHE_SECONDS:
                self._read()
            return self._values

    def replace(self, values: dict[str, Any]) -> Values:
        """Takes exactly what `current` gives. Raises Invalid naming the field."""
        try:
            checked = Values.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise Invalid.field(".".join(map(str, first["loc"])), first["msg"]) from error
        self._store.settings.put(checked.model_dump())
        with self._lock:
            self._values, self._read_at = checked, time.monotonic()
        return checked

    def _read(self) -> None:
        try:
            stored = self._store.settings.get()
        except DATABASE_DOWN:
            return
        self._values = Values.model_validate({**self._defaults.model_dump(), **stored})
        self._read_at = time.monotonic()
