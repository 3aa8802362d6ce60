"""API keys: made, revoked and, for ten minutes, restored. A key itself is kept nowhere, only its hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..config import Settings
from ..errors import Conflict, Invalid, NotFound
from ..lib.clock import now
from ..store import Store
from ..store.records import ApiKey, User
from ..words import Text
from .audit import Audited, AuditLog

SCOPES = ("send", "read", "manage")
DEFAULT_SCOPES = ("send", "read")
KEYS_PER_USER = 100
KEY_YEARS = 10
"""A key that expires does so within this many years."""
_FORM_LIFETIME = timedelta(hours=24)
_YEAR = timedelta(days=366)


@dataclass(frozen=True)
class Keys:
    store: Store
    settings: Settings
    audit: AuditLog

    def of_user(self, user_id: str) -> list[ApiKey]:
        """Those that aren't revoked, newest first."""
        return self.store.keys.of_user(user_id)

    def make(
        self, by: Audited, name: str, scopes: Sequence[str], expires_at: datetime | None, *, form_token: str = ""
    ) -> tuple[ApiKey, str]:
        """The record, and the key itself, which is shown now and never again. Raises Invalid.

        One `form_token` makes one key: the same again (a page that was reloaded) raises Conflict `form_sent_before`.
        """
        user = by.actor
        _check(name, scopes, expires_at)
        self._check_room(user)
        if form_token and not self.store.idempotency.first_use(user.id, "key-form", form_token, now() + _FORM_LIFETIME):
            raise Conflict("This form was sent before, and its key was created then.", code="form_sent_before")
        prefix = secrets.token_hex(4)
        secret = f"wb_{prefix}_{secrets.token_urlsafe(32)}"
        fields = {"key_hash": hash_of(secret, self.settings), **_fields(user, name, prefix, scopes, expires_at)}
        with self.audit.noted(by, "key.create", target=user.id, detail=f"wb_{prefix}"):
            return self._add(user, fields), secret

    def revoke(self, by: Audited, key_id: str) -> None:
        """It is refused from now on. Raises NotFound."""
        standing = self._standing(by.actor, key_id)
        if standing is None:
            raise NotFound("There is no such API key.")
        self.audit.note(by, "key.revoke", target=by.actor.id, detail=f"wb_{standing.prefix}")
        self.store.keys.revoke(by.actor.id, key_id, now())

    def restore(self, by: Audited, key_id: str) -> ApiKey:
        """Take back a revocation, within ten minutes; harmless to repeat. Raises NotFound, Invalid `too_many_keys`."""
        user = by.actor
        standing = self._standing(user, key_id)
        if standing:
            return standing
        self._check_room(user)
        kept = self.store.keys.kept(user.id, key_id)
        if kept is None:
            raise _gone()
        with self.audit.noted(by, "key.restore", target=user.id, detail=f"wb_{kept.prefix}"):
            return self._restored(user, key_id)

    def _restored(self, user: User, key_id: str) -> ApiKey:
        restored = self.store.keys.restore(user.id, key_id, now())
        if restored is None:
            raise _gone()
        if self._too_many(user):  # others were made at the same moment
            self.store.keys.revoke(user.id, key_id, now())
            raise _no_room()
        return restored

    def _add(self, user: User, fields: dict[str, Any]) -> ApiKey:
        record = self.store.keys.add(fields)
        if self._too_many(user):  # others were made at the same moment
            self.store.keys.remove(record.id)
            raise _no_room()
        return record

    def _standing(self, user: User, key_id: str) -> ApiKey | None:
        return next((one for one in self.of_user(user.id) if one.id == key_id), None)

    def _check_room(self, user: User) -> None:
        if len(self.of_user(user.id)) >= KEYS_PER_USER:
            raise _no_room()

    def _too_many(self, user: User) -> bool:
        return len(self.of_user(user.id)) > KEYS_PER_USER


def hash_of(key: str, settings: Settings) -> str:
    """What is stored of a key, and compared."""
    return hmac.new(settings.secret("secret_key").encode(), b"api-key:" + key.encode(), hashlib.sha256).hexdigest()


def _check(name: str, scopes: Sequence[str], expires_at: datetime | None) -> None:
    if not name.strip():
        raise Invalid.field("name", "is missing: say what the key is for")
    if not scopes or set(scopes) - set(SCOPES):
        raise Invalid.field("scopes", Text("choose from %(choices)s", choices=", ".join(SCOPES)))
    if expires_at and expires_at <= now():
        raise Invalid.field("expires_at", "lies in the past")
    if expires_at and expires_at > now() + KEY_YEARS * _YEAR:
        raise Invalid.field("expires_at", Text("lies more than %(years)s years ahead", years=KEY_YEARS))


def _fields(user: User, name: str, prefix: str, scopes: Sequence[str], expires_at: datetime | None) -> dict[str, Any]:
    return {
        "user_id": user.id,
        "name": name.strip(),
        "prefix": prefix,
        "scopes": sorted(set(scopes), key=SCOPES.index),
        "created_at": now(),
        "expires_at": expires_at,
        "last_used_at": None,
    }


def _gone() -> NotFound:
    return NotFound("There is no such API key, or it is too late to restore it.")


def _no_room() -> Invalid:
    most = Text("you have %(most)s keys already: revoke one first", most=KEYS_PER_USER)
    return Invalid.field("name", most, code="too_many_keys")
