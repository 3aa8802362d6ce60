"""Pauses after failed logins, which nobody can use to lock somebody else out.

Failures are counted for an account *at an address*: whoever guesses waits longer and longer, while its owner logs in from
anywhere else as ever. Guesses at many accounts from one address are counted for that address, more patiently, since others may
share it. Accounts that don't exist are counted the same way, and nothing of an account is looked up for it. Kept in the
store, so a restart forgives nothing; only digests, so a stolen copy names nobody.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..config import Settings
from ..errors import RateLimited, Unauthenticated, WrongPassword
from ..lib.clock import now
from ..store import Store
from ..words import Counted

REMEMBERED = timedelta(hours=1)
"""After the last failure. Longer than the longest pause."""


@dataclass(frozen=True)
class Patience:
    """So many failures are free; then each pause is twice the last. Seconds."""

    free: int
    first: float
    longest: float

    def pause(self, failures: int) -> float:
        return min(self.first * 2.0 ** min(failures - self.free, 30), self.longest) if failures >= self.free else 0


ACCOUNT = Patience(free=5, first=5, longest=15 * 60)
ADDRESS = Patience(free=50, first=1, longest=60)


@dataclass(frozen=True)
class LoginGuard:
    store: Store
    settings: Settings

    @contextmanager
    def attempt(self, email: str, address: str) -> Iterator[None]:
        """Around everything that proves who logs in. Raises RateLimited during a pause.

        What is raised inside as Unauthenticated or WrongPassword is a failure, but for the question for a second factor, which comes
        after a right password. `address` is a neighbourhood (`lib.addresses`).
        """
        account_here, anyone_here = (
            self._digest("account", address, email.strip().lower()[:320]),
            self._digest("address", address),
        )
        self._check(account_here, ACCOUNT)
        self._check(anyone_here, ADDRESS)
        try:
            yield
        except (Unauthenticated, WrongPassword) as error:
            if error.code != "otp_required":
                moment = now()
                for key in (account_here, anyone_here):
                    self.store.login_failures.add(key, moment, moment + REMEMBERED)
            raise
        self.store.login_failures.clear(account_here)

    def _check(self, key: str, patience: Patience) -> None:
        moment = now()
        failures = self.store.login_failures.get(key, moment)
        left = _left(failures.last_at, patience.pause(failures.count), moment) if failures else 0
        if left > 0:
            why = Counted(
                "Logging in failed too often. Try again in %(count)s second.",
                "Logging in failed too often. Try again in %(count)s seconds.",
                left,
            )
            raise RateLimited(why, retry_after=left, extra={"limit": "failed_logins"})

    def _digest(self, *parts: str) -> str:
        secret = self.settings.secret("secret_key").encode()
        return hmac.new(secret, "\n".join(("login", *parts)).encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _left(last_at: datetime, pause: float, moment: datetime) -> int:
    """Whole seconds until the pause is over, rounded up."""
    return math.ceil(pause - (moment - last_at).total_seconds())
