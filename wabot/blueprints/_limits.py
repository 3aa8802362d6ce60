"""Rate limits, by Flask-Limiter: what is counted, for whom, and what an answer says of it (docs/limits.md).

Each limit is a `Kind` in the table; a view, or what stands before it, calls `limits().api(user)`, `.login()` and so on, and a send
takes its `allowance`. Numbers and the toggle are read at each call, so a change holds at the next one.

Flask-Limiter's storage and strategy are asked directly and not by its decorators: those work out anew, for each call and each
limit, what might be limited or exempt, and took a fifth of the time of an acceptance.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter, RequestLimit
from limits import RateLimitItem, parse

from ..errors import RateLimited
from ..lib.addresses import neighbourhood
from ..lib.windows import STRATEGY, HeldWindow, RedisOrMemory
from ..services.limit_reports import Filling
from ..store.records import User
from ..words import N_, Counted, Text
from ._context import services

_EXTENSION = "wabot_limits"


@dataclass(frozen=True)
class Kind:
    """`numbers` are settings named `…_per_<minute|hour|day>`; `times` as many pass. `of_user`: counted for the user, and governed by the toggle."""

    name: str
    numbers: tuple[str, ...]
    words: str
    of_user: bool = False
    times: int = 1


SEND = Kind("send", ("send_per_minute", "send_per_day"), N_("messages"), of_user=True)
API = Kind("api", ("api_per_minute",), N_("API calls"), of_user=True)
LOGIN = Kind("login", ("login_per_minute",), N_("logins"))
REGISTER = Kind("register", ("register_per_hour",), N_("registrations"))
HINT = Kind("hint", ("register_per_hour",), N_("hints on a password"), times=10)
"""A form asks for some while a password is typed; each takes a look at it of some 5 ms."""
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
        storage = f"wabot+{redis_url or 'memory://'}"
        self.limiter = Limiter(key_func=_address, strategy=STRATEGY, storage_uri=storage)
        # Known to the application already, it adds no hooks of its own: before each request it would look for limits of the view.
        app.extensions["limiter"] = {self.limiter}
        self.limiter.init_app(app)
        app.after_request(_tell)

    @property
    def redis_away(self) -> bool:
        """Redis is configured and doesn't answer: each web process counts for itself."""
        storage = self.limiter.storage
        return isinstance(storage, RedisOrMemory) and storage.is_away()

    def api(self, user: User) -> None:
        """Count a call of /api. Raises RateLimited, as all of these do."""
        self.count(API, user)

    def login(self) -> None:
        self.count(LOGIN)

    def register(self) -> None:
        self.count(REGISTER)

    def hint(self) -> None:
        self.count(HINT)

    def forgot(self) -> None:
        self.count(FORGOT)

    def count(self, kind: Kind, user: User | None = None) -> list[RequestLimit]:
        """In all windows of the kind, or in none; for `give_back`. `user`: whose own numbers hold, and who is counted where the kind
        is `of_user`."""
        preferences = services().preferences
        if kind.of_user and not preferences.current().rate_limits.enabled:
            return []
        numbers = preferences.limits_of(user) if user else preferences.current().rate_limits
        who = f"user:{user.id}" if kind.of_user and user else _address()
        taken: list[RequestLimit] = []
        try:
            for name in kind.numbers:
                taken.append(self._take(kind, _amount(kind.times * getattr(numbers, name), name.rpartition("_")[2]), who))
        except RateLimited:
            self.give_back(taken)
            raise
        return taken

    def give_back(self, taken: list[RequestLimit]) -> None:
        """What was counted doesn't happen."""
        strategy = cast(HeldWindow, self.limiter.limiter)
        for state in taken:
            strategy.give_back(state.limit, *state.request_args)
            _states().remove(state)

    def _take(self, kind: Kind, amount: RateLimitItem, who: str) -> RequestLimit:
        breached = not self.limiter.limiter.hit(amount, who, kind.name)
        state = RequestLimit(self.limiter, amount, [who, kind.name], breached, shared=True)
        _states().append(state)
        if breached:
            services().limit_reports.own.refused(_name(state), who)
            raise _refusal(kind, state)
        return state


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
            services().limit_reports.own.refused("failed_logins", f"ip:{address}")
        raise


class SendAllowance:
    """What `services().messages.accept` takes for each message of this user, by whichever road."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._taken: list[RequestLimit] = []
        """For the last message: a request may have several."""

    def take(self) -> None:
        self._taken = limits().count(SEND, self._user)

    def give_back(self) -> None:
        limits().give_back(self._taken)
        self._taken = []


@lru_cache(1000)
def _amount(number: int, span: str) -> RateLimitItem:
    return parse(f"{number} per {span}")


def _address() -> str:
    return f"ip:{neighbourhood(request.remote_addr or '')}"


def _states() -> list[RequestLimit]:
    """What this request was counted for; empty while nothing limits it."""
    if "limit_states" not in g:
        g.limit_states = []
    return cast(list[RequestLimit], g.limit_states)


def _refusal(kind: Kind, state: RequestLimit) -> RateLimited:
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


def _tell(response: Response) -> Response:
    """`RateLimit-*` of the fullest limit this request was counted for, and `Retry-After` on every refusal, pages' too."""
    states = _states()
    for state in states:
        used = state.limit.amount - state.remaining
        filling = Filling(used, state.limit.amount, state.window.reset_time)
        services().limit_reports.own.filled(_name(state), state.request_args[0], filling)
    if states:
        state = min(states, key=lambda one: (not one.breached, one.remaining / one.limit.amount))
        response.headers["RateLimit-Limit"] = str(state.limit.amount)
        response.headers["RateLimit-Remaining"] = str(state.remaining)
        response.headers["RateLimit-Reset"] = str(_seconds(state))
        response.headers["RateLimit-Policy"] = f"{state.limit.amount};w={state.limit.get_expiry()}"
    if response.status_code == 429 and "Retry-After" not in response.headers and (wait := g.get("retry_after")):
        response.headers["Retry-After"] = str(wait)
    return response
