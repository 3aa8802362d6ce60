"""Rate limits, by Flask-Limiter: what is counted, for whom, and what an answer says of it (docs/limits.md).

Each limit is a `Kind` in the table; a view, or what stands before it, calls `limits().api(user)`, `.login()` and so on, and a send
takes its `allowance`. Numbers and the toggle are read at each call, so a change holds at the next one.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import cast

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RateLimitExceeded, RequestLimit

from ..errors import RateLimited
from ..lib.addresses import neighbourhood
from ..lib.windows import STRATEGY, HeldWindow, RedisOrMemory
from ..services.limit_report import Filling
from ..services.preferences import RateLimits
from ..store.records import User
from ..words import N_, Counted, Text
from ._context import services

_EXTENSION = "wabot_limits"


@dataclass(frozen=True)
class Kind:
    """`numbers` are settings named `…_per_<minute|hour|day>`. `of_user`: counted for the user, and governed by the toggle."""

    name: str
    numbers: tuple[str, ...]
    words: str
    of_user: bool = False


SEND = Kind("send", ("send_per_minute", "send_per_day"), N_("messages"), of_user=True)
API = Kind("api", ("api_per_minute",), N_("API calls"), of_user=True)
LOGIN = Kind("login", ("login_per_minute",), N_("logins"))
REGISTER = Kind("register", ("register_per_hour",), N_("registrations"))
FORGOT = Kind("forgot", ("login_per_minute",), N_("forgotten passwords"))

_SPANS = {"minute": N_("minute"), "hour": N_("hour"), "day": N_("day")}
_TOO_MANY = N_("Too many %(what)s: the limit is %(limit)s a %(span)s. Try again in %(again)s.")
_TOO_MANY_FROM_ONE = N_("Too many %(what)s: the limit is %(limit)s a %(span)s from one IP address. Try again in %(again)s.")


def init_app(app: Flask) -> None:
    app.extensions[_EXTENSION] = Limits(app)


def limits() -> Limits:
    return cast(Limits, current_app.extensions[_EXTENSION])


class Limits:
    def __init__(self, app: Flask) -> None:
        redis_url = app.extensions["wabot"].settings.redis_url
        self.limiter = Limiter(
            key_func=_address,
            app=app,
            strategy=STRATEGY,
            storage_uri=f"wabot+{redis_url or 'memory://'}",
            on_breach=_refused,
            # One name for all: by the endpoint Flask-Limiter would learn which limits a view takes, and ask for them beforehand.
            request_identifier=lambda: "wabot",
        )
        self._counts = {kind: self._counter(kind) for kind in (SEND, API, LOGIN, REGISTER, FORGOT)}
        app.after_request(_tell)

    @property
    def redis_away(self) -> bool:
        """Redis is configured and doesn't answer: each web process counts for itself."""
        storage = self.limiter.storage
        return isinstance(storage, RedisOrMemory) and storage.look_away()

    def api(self, user: User) -> None:
        """Count a call of /api. Raises RateLimited, as all of these do."""
        self.count(API, user)

    def login(self) -> None:
        self.count(LOGIN)

    def register(self) -> None:
        self.count(REGISTER)

    def forgot(self) -> None:
        self.count(FORGOT)

    def count(self, kind: Kind, user: User | None = None) -> None:
        g.limited_user = user
        try:
            self._counts[kind]()
        except RateLimitExceeded as error:
            raise _refusal(kind, self.limiter.current_limit) from error
        finally:
            _states().extend(self.limiter.current_limits)

    def _counter(self, kind: Kind) -> Callable[[], None]:
        def count() -> None: ...

        count.__qualname__ = f"count_{kind.name}"  # Flask-Limiter knows its limits by the name of what they guard
        guard = self.limiter.shared_limit(
            partial(_amounts, kind),
            scope=kind.name,
            key_func=_user if kind.of_user else _address,
            exempt_when=_switched_off if kind.of_user else None,
        )
        return guard(count)


@contextmanager
def login_attempt(email: str) -> Iterator[None]:
    """Around everything that proves who logs in: counted for the address, and paused after failures. Raises RateLimited."""
    try:
        limits().login()
    except RateLimited as error:
        g.retry_after = error.retry_after
        raise
    with password_attempt(email):
        yield


@contextmanager
def password_attempt(email: str) -> Iterator[None]:
    """Around a question for the password of somebody who is logged in: paused after failures as logging in is. Raises RateLimited."""
    address = neighbourhood(request.remote_addr or "")
    try:
        with services().login_guard.attempt(email, address):
            yield
    except RateLimited as error:
        g.retry_after = error.retry_after
        if error.extra.get("limit") == "failed_logins":
            services().limit_report.refused("failed_logins", f"ip:{address}")
        raise


class SendAllowance:
    """What `services().messages.accept` takes for each message of this user, by whichever road."""

    def __init__(self, user: User) -> None:
        self._user = user

    def take(self) -> None:
        limits().count(SEND, self._user)

    def give_back(self) -> None:
        strategy = cast(HeldWindow, limits().limiter.limiter)
        for state in [one for one in _states() if one.request_args[-1] == SEND.name]:
            strategy.give_back(state.limit, *state.request_args)
            _states().remove(state)


def _amounts(kind: Kind) -> str:
    """As Flask-Limiter reads them: `60 per minute;5000 per day`."""
    numbers = _numbers()
    return ";".join(f"{getattr(numbers, name)} per {name.rpartition('_')[2]}" for name in kind.numbers)


def _numbers() -> RateLimits:
    preferences = services().preferences
    return preferences.limits_of(g.limited_user) if g.limited_user else preferences.current().rate_limits


def _switched_off() -> bool:
    return not services().preferences.current().rate_limits.enabled


def _user() -> str:
    return f"user:{g.limited_user.id}"


def _address() -> str:
    return f"ip:{neighbourhood(request.remote_addr or '')}"


def _states() -> list[RequestLimit]:
    """What this request was counted for; empty while nothing limits it."""
    if "limit_states" not in g:
        g.limit_states = []
    return cast(list[RequestLimit], g.limit_states)


def _refusal(kind: Kind, state: RequestLimit | None) -> RateLimited:
    if state is None:
        raise LookupError("refused by no limit")
    wait = _seconds(state)
    amounts = {"what": Text(kind.words), "limit": state.limit.amount, "span": Text(_SPANS[state.limit.GRANULARITY.name])}
    template = _TOO_MANY if kind.of_user else _TOO_MANY_FROM_ONE
    return RateLimited(Text(template, again=_again(wait), **amounts), retry_after=wait, extra={"limit": _name(state)})


def _again(seconds: int) -> Text:
    if seconds < 120:
        return Counted("%(count)s second", "%(count)s seconds", seconds)
    return Counted("about %(count)s minute", "about %(count)s minutes", math.ceil(seconds / 60))


def _seconds(state: RequestLimit) -> int:
    """Until there is room for one more."""
    return max(1, math.ceil(state.window.reset_time - time.time()))


def _name(state: RequestLimit) -> str:
    """The setting: `send_per_minute`."""
    return f"{state.request_args[-1]}_per_{state.limit.GRANULARITY.name}"


def _refused(state: RequestLimit) -> None:
    services().limit_report.refused(_name(state), state.request_args[0])


def _tell(response: Response) -> Response:
    """`RateLimit-*` of the fullest limit this request was counted for, and `Retry-After` on every refusal, pages' too."""
    states = _states()
    for state in states:
        used = state.limit.amount - state.remaining
        filling = Filling(used, state.limit.amount, state.window.reset_time)
        services().limit_report.filled(_name(state), state.request_args[0], filling)
    if states:
        state = min(states, key=lambda one: (not one.breached, one.remaining / one.limit.amount))
        response.headers["RateLimit-Limit"] = str(state.limit.amount)
        response.headers["RateLimit-Remaining"] = str(state.remaining)
        response.headers["RateLimit-Reset"] = str(_seconds(state))
        response.headers["RateLimit-Policy"] = f"{state.limit.amount};w={state.limit.get_expiry()}"
    if response.status_code == 429 and "Retry-After" not in response.headers and (wait := g.get("retry_after")):
        response.headers["Retry-After"] = str(wait)
    return response
