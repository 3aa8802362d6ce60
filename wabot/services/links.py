"""Links that prove something: a token is signed, expires, and is bound to what it would change, so it works once.

The token holds the user's id and a fingerprint of their password hash, their address and how often that was changed, signed with
`SECRET_KEY` and a salt of its purpose. Nothing is stored: using the link changes what the fingerprint was made of, and so does
changing the password meanwhile.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from ..config import Settings
from ..errors import WabotError
from ..lib.clock import now
from ..store import Store
from ..store.records import User
from ..words import N_


class InvalidToken(WabotError):
    code = "invalid_token"
    status = 400
    title = N_("This link is not valid: it was already used, has expired, or is incomplete")


@dataclass(frozen=True)
class Purpose:
    path: str
    lifetime: timedelta
    for_people: str


PURPOSES = {
    "reset": Purpose("/reset", timedelta(hours=1), N_("one hour")),
    "invite": Purpose("/reset", timedelta(days=7), N_("seven days")),
    "confirm_address": Purpose("/confirm", timedelta(days=3), N_("three days")),
    "change_address": Purpose("/confirm", timedelta(days=1), N_("one day")),
}


@dataclass(frozen=True)
class Opened:
    """A good token: what it is for, whose it is, and the new address in one that changes it."""

    purpose: str
    user: User
    address: str


@dataclass(frozen=True)
class Links:
    store: Store
    settings: Settings
    clock: Callable[[], datetime] = now

    def make(self, purpose: str, user: User, address: str = "") -> str:
        """The whole link. `address` is the new one, where the purpose is to change it."""
        token = self._serializer(purpose).dumps({"u": user.id, "f": self._fingerprint(user), "a": address})
        return f"{self.settings.public_url}{PURPOSES[purpose].path}/{token}"

    def open(self, token: str, *purposes: str) -> Opened:
        """Raises InvalidToken; also when the password or the address was changed since."""
        purpose, content = self._content(token[:2000], purposes)
        user = self.store.users.get(str(content.get("u")))
        expected = self._fingerprint(user) if user else ""
        if user is None or user.disabled or not hmac.compare_digest(expected, str(content.get("f"))):
            raise InvalidToken
        return Opened(purpose, user, str(content.get("a", "")))

    def _content(self, token: str, purposes: Iterable[str]) -> tuple[str, dict[str, Any]]:
        for purpose in purposes:
            lifetime = PURPOSES[purpose].lifetime.total_seconds()
            try:
                content = self._serializer(purpose).loads(token, max_age=int(lifetime))
            except BadData:
                continue
            if isinstance(content, dict):
                return purpose, content
        raise InvalidToken

    def _serializer(self, purpose: str) -> URLSafeTimedSerializer:
        return URLSafeTimedSerializer(
            self.settings.secret("secret_key"), salt=purpose, signer=_Signer, signer_kwargs={"clock": self.clock}
        )

    def _fingerprint(self, user: User) -> str:
        changes = f"\n{user.email_changes}" if user.email_changes else ""
        bound = f"{user.email}\n{user.password_hash}{changes}".encode()
        return hmac.new(self.settings.secret("secret_key").encode(), b"link:" + bound, hashlib.sha256).hexdigest()[:32]


class _Signer(TimestampSigner):
    def __init__(self, *args: Any, clock: Callable[[], datetime], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._clock = clock

    def get_timestamp(self) -> int:
        return int(self._clock().timestamp())
