"""What an admin may change while wabot runs: limits, pacing, registration. Read through a cache of at most one second.

The page of the settings is made from the fields here: a title, a description (and `json_schema_extra={"x-unit": …}`) is all a
new one needs.
"""

from __future__ import annotations

import threading
import time
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..config import Settings
from ..errors import Invalid, NotFound
from ..lib.log import get_logger
from ..lib.wrong_fields import in_words, wrong_fields
from ..store import DATABASE_DOWN, Store
from ..store.records import User
from ..words import N_

_CACHE_SECONDS = 0.8
"""A change must hold within a second in every process; reading takes its time, too."""

log = get_logger(__name__)

M = TypeVar("M", bound=BaseModel)
_Count = Annotated[int, Field(ge=1, le=1_000_000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RateLimits(_Strict):
    """`enabled` governs sending and API calls; login, registration and forgot-password limits always hold."""

    enabled: bool = Field(
        default=True,
        title=N_("Limit sending and API calls"),
        description=N_("Logins and registrations are limited even when this is off."),
    )
    send_per_minute: _Count = Field(
        default=60, title=N_("Messages a minute"), description=N_("Each user, by page and by API together.")
    )
    send_per_day: _Count = Field(default=5000, title=N_("Messages a day"), description=N_("Each user, in any 24 hours."))
    api_per_minute: _Count = Field(
        default=1200, title=N_("API calls a minute"), description=N_("Each user, whatever token or key is used.")
    )
    login_per_minute: _Count = Field(
        default=10,
        title=N_("Logins a minute"),
        description=N_("Per IP address. Requests for a forgotten password have the same limit, counted separately."),
    )
    register_per_hour: _Count = Field(default=100, title=N_("Registrations an hour"), description=N_("Per IP address."))


class Pacing(_Strict):
    """Between messages of one session on the live network; never in the sandbox. Milliseconds."""

    enabled: bool = Field(
        default=True,
        title=N_("Leave a gap between messages"),
        description=N_("On the live network only: quick senders get banned."),
    )
    min_gap_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(
        default=2000,
        title=N_("Shortest gap"),
        description=N_("Between two messages of a session."),
        json_schema_extra={"x-unit": "ms"},
    )
    jitter_ms: Annotated[int, Field(ge=0, le=600_000)] = Field(
        default=1500,
        title=N_("Jitter"),
        description=N_("A random time between nothing and this, added to each gap."),
        json_schema_extra={"x-unit": "ms"},
    )
    per_day: _Count = Field(
        default=1000, title=N_("Messages a day"), description=N_("Each session. Further messages wait for the next day.")
    )


class Values(_Strict):
    rate_limits: RateLimits = Field(
        default=RateLimits(), title=N_("Rate limits"), description=N_("Whatever exceeds a limit is refused with 429.")
    )
    pacing: Pacing = Field(
        default=Pacing(), title=N_("Pacing"), description=N_("Messages wait for their turn; nothing is refused.")
    )
    registration_open: bool = Field(
        default=True, title=N_("Open registration"), description=N_("Anyone who reaches this site can create an account.")
    )
    confirm_email: bool = Field(
        default=False,
        title=N_("Confirm addresses"),
        description=N_("New users must open a link in a mail before they can log in. Needs a way to send mails."),
    )
    require_admin_second_factor: bool = Field(
        default=False,
        title=N_("Second factor for administrators"),
        description=N_("Without one, an administrator can only open its set-up page."),
    )
    sessions_per_user: Annotated[int, Field(ge=1, le=200)] = Field(
        default=10, title=N_("WhatsApp sessions"), description=N_("Each user. Every session runs a browser, which takes memory.")
    )


class UserLimits(_Strict):
    """One user's own numbers; where one is missing, everybody's holds."""

    send_per_minute: _Count | None = None
    send_per_day: _Count | None = None
    api_per_minute: _Count | None = None


class Preferences:
    """Safe for threads. When the database is away the last good values hold."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._sends_mail = settings.sends_mail
        self._defaults = Values(registration_open=not settings.production)
        self._values = self._defaults
        self._read_at = float("-inf")
        self._ever_read = False
        self._lock = threading.Lock()

    def current(self) -> Values:
        """Never raises: what can't be read leaves the last good values in force. One thread reads, the others don't wait."""
        if time.monotonic() - self._read_at > _CACHE_SECONDS and self._lock.acquire(blocking=not self._ever_read):
            try:
                if time.monotonic() - self._read_at > _CACHE_SECONDS:
                    self._read()
            finally:
                self._lock.release()
        return self._values

    def check(self, values: dict[str, Any]) -> Values:
        """Takes exactly what `current` gives. Raises Invalid naming the fields."""
        checked = _checked(Values, values)
        if checked.confirm_email and not self._sends_mail:
            raise Invalid.field("confirm_email", "needs SMTP_URL: this wabot can't send mails")
        return checked

    def filled(self, values: dict[str, Any]) -> dict[str, Any]:
        """`values`, and what is left out of them as it stands in the store at this moment."""
        with self._lock:
            self._read()
        return _over(self._values.model_dump(), values)

    def put(self, checked: Values) -> None:
        self._store.settings.put(checked.model_dump())
        with self._lock:
            self._values, self._read_at = checked, time.monotonic()

    def replace(self, values: dict[str, Any]) -> Values:
        """`check` and `put`, for callers without a user: commands and tests."""
        checked = self.check(values)
        self.put(checked)
        return checked

    def limits_of(self, user: User) -> RateLimits:
        """The numbers in force for this user: their own where they have some."""
        common = self.current().rate_limits
        own = {name: number for name, number in (user.limits or {}).items() if name in UserLimits.model_fields}
        return common.model_copy(update=own) if own else common

    def check_user_limits(self, limits: dict[str, Any]) -> dict[str, int]:
        """Those that say something. Raises Invalid naming the field."""
        return _checked(UserLimits, limits, under="limits").model_dump(exclude_none=True)

    def limit_user(self, user_id: str, limits: dict[str, Any] | None) -> dict[str, int] | None:
        """Set a user's own numbers, all of them; with None or {} everybody's hold. Raises Invalid naming the field, NotFound."""
        checked = self.check_user_limits(limits or {}) or None
        if not self._store.users.change(user_id, {"limits": checked}):
            raise NotFound("There is no such user.")
        return checked

    def _read(self) -> None:
        self._read_at = time.monotonic()
        try:
            self._values = Values.model_validate({**self._defaults.model_dump(), **_known(Values, self._store.settings.get())})
        except DATABASE_DOWN as error:
            log.warning("settings_not_read", error=type(error).__name__)
        except ValidationError as error:
            log.error("settings_unusable", error=str(error.errors(include_url=False, include_input=False))[:500])
        self._ever_read = True


def _known(kind: type[BaseModel], stored: dict[str, Any]) -> dict[str, Any]:
    """What this version of wabot knows; another may have stored more."""
    found = {}
    for name, value in stored.items():
        if name in kind.model_fields:
            inner: Any = kind.model_fields[name].annotation
            nested = isinstance(value, dict) and isinstance(inner, type) and issubclass(inner, BaseModel)
            found[name] = _known(inner, value) if nested else value
    return found


def _over(kept: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    inner = {name: _over(kept[name], value) for name, value in given.items() if _both_objects(kept.get(name), value)}
    return {**kept, **given, **inner}


def _both_objects(one: object, other: object) -> bool:
    return isinstance(one, dict) and isinstance(other, dict)


def _checked(kind: type[M], values: dict[str, Any], *, under: str = "") -> M:
    try:
        return kind.model_validate(values, strict=True)
    except ValidationError as error:
        fields = {f"{under}.{name}".strip("."): why for name, why in wrong_fields(error).items()}
        raise Invalid(in_words(fields), fields=fields) from error
