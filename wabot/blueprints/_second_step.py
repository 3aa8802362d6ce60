"""Between the password and the second factor: for some minutes, the browser's signed cookie says who is logging in.

It logs nobody in: every page still requires a login. It becomes invalid with a new password and whenever all logins are ended, since
it contains the version of the user's logins.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from flask import session

from ..store.records import User
from ._context import services

_KEY = "second_step"
_SECONDS = 10 * 60


@dataclass(frozen=True)
class Waiting:
    user: User
    remember: bool
    target: str | None


def begin(user: User, *, remember: bool, target: str | None) -> None:
    session.clear()
    session[_KEY] = {
        "user": user.id, "version": user.token_version, "at": int(time.time()), "remember": remember, "target": (target or "")[:1000],
    }  # fmt: skip


def waiting() -> Waiting | None:
    """None when nobody has shown a password in this browser, or too long ago."""
    kept = session.get(_KEY)
    if not isinstance(kept, dict) or not 0 <= time.time() - int(kept["at"]) < _SECONDS:
        return None
    user = services().accounts.get(str(kept["user"]))
    if user is None or user.disabled or user.token_version != kept["version"]:
        return None
    return Waiting(user, bool(kept["remember"]), str(kept["target"]) or None)
