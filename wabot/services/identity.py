"""Who is asking: browser logins, API tokens (JWT) and API keys, all revocable at once."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..config import Settings
from ..errors import Conflict, Invalid, NotFound, Unauthenticated
from ..lib.clock import now
from ..lib.tokens import InvalidToken, Tokens
from ..store import Store
from ..store.idempotency import Remembered
from ..store.ids import new_id
from ..store.records import ApiKey, Login, User
from ..words import Text
from .audit import Audited, AuditLog

TOKEN_LIFETIME = timedelta(hours=24)
COOKIE_LIFETIME = timedelta(days=30)
SCOPES = ("send", "read", "manage")
DEFAULT_SCOPES = ("send", "read")
KEYS_PER_USER = 100
KEY_YEARS = 10
"""So long a key may hold at most, if it is to expire."""
_FORM_LIFETIME = timedelta(hours=24)
_NOTE_USE_EVERY = timedelta(minutes=1)
_YEAR = timedelta(days=366)


@dataclass(frozen=True)
class Caller:
    """A known user and what the credential allows; `login_id` for a login, `key` for an API key."""

    user: User
    scopes: frozenset[str]
    login_id: str | None = None
    key: ApiKey | None = None


@dataclass(frozen=True)
class Identity:
    store: Store
    settings: Settings
    tokens: Tokens

    def open_login(self, user: User, kind: str, *, user_agent: str = "", address: str = "") -> Login:
        """`kind` is `web` (cookie, 30 days) or `api` (token, 24 hours)."""
        lifetime = COOKIE_LIFETIME if kind == "web" else TOKEN_LIFETIME
        moment = now()
        login = Login(
            id=secrets.token_urlsafe(18), user_id=user.id, kind=kind, created_at=moment, expires_at=moment + lifetime,
            user_agent=user_agent[:300], address=address[:64], last_seen_at=moment,
        )  # fmt: skip
        self.store.logins.add(login)
        if user.is_admin:
            self._audit.note(Audited(user, address[:64]), "admin.login", target=user.id, detail=kind)
        return login

    def end_login(self, login_id: str) -> None:
        self.store.logins.end(login_id)

    def token_for(self, user: User, login: Login) -> str:
        claims = {"sub": user.id, "jti": login.id, "ver": user.token_version, "iat": login.created_at, "exp": login.expires_at}
        return self.tokens.make(claims)

    def by_cookie(self, cookie_id: str) -> Caller | None:
        """`cookie_id` is `<user id>.<token version>.<login id>`, as Flask-Login keeps it."""
        user_id, _, rest = cookie_id.partition(".")
        version, _, login_id = rest.partition(".")
        return self._by_login(user_id, version, login_id, "web")

    def by_bearer(self, credential: str) -> Caller:
        """A login token or an API key. Raises Unauthenticated."""
        if credential.startswith("wb_"):
            return self.by_key(credential)
        try:
            claims = self.tokens.claims(credential)
        except InvalidToken as error:
            raise Unauthenticated("The token is not valid, or has expired: log in again.", code="invalid_token") from error
        caller = self._by_login(str(claims["sub"]), str(claims["ver"]), str(claims["jti"]), "api")
        if caller is None:
            raise Unauthenticated("The token was ended: log in again.", code="invalid_token")
        return caller

    def by_key(self, credential: str) -> Caller:
        """Raises Unauthenticated for an unknown, revoked or expired key, and for a disabled user's."""
        parts = credential.split("_", 2)
        found = self.store.keys.with_user(parts[1]) if len(parts) == 3 and parts[0] == "wb" else None
        moment = now()
        if found is None or not self._is_good(credential, *found, moment):
            raise Unauthenticated("The API key is unknown, revoked or expired.", code="invalid_api_key")
        key, user = found
        if key.last_used_at is None or moment - key.last_used_at > _NOTE_USE_EVERY:
            self.store.keys.used(key.id, moment)
        return Caller(user, frozenset(key.scopes), key=key)

    def make_key(
        self, by: Audited, name: str, scopes: list[str], expires_at: datetime | None, *, form_token: str = ""
    ) -> tuple[ApiKey, str]:
        """The record, and the key itself, which is shown now and never again. Raises Invalid.

        One `form_token` makes one key: the same again (a page that was reloaded) raises Conflict `form_sent_before`.
        """
        user = by.actor
        if not name.strip():
            raise Invalid.field("name", "is missing: say what the key is for")
        unknown = set(scopes) - set(SCOPES)
        if unknown or not scopes:
            raise Invalid.field("scopes", Text("choose from %(choices)s", choices=", ".join(SCOPES)))
        if expires_at and expires_at <= now():
            raise Invalid.field("expires_at", "lies in the past")
        if expires_at and expires_at > now() + KEY_YEARS * _YEAR:
            raise Invalid.field("expires_at", Text("lies more than %(years)s years ahead", years=KEY_YEARS))
        self._check_room(user)
        if form_token and not self._first_use(user, form_token):
            raise Conflict("This form was sent before, and its key was made then.", code="form_sent_before")
        prefix = secrets.token_hex(4)
        secret = f"wb_{prefix}_{secrets.token_urlsafe(32)}"
        fields = {
            "user_id": user.id,
            "name": name.strip(),
            "prefix": prefix,
            "key_hash": self._key_hash(secret),
            "scopes": sorted(set(scopes), key=SCOPES.index),
            "created_at": now(),
            "expires_at": expires_at,
            "last_used_at": None,
        }
        with self._audit.noted(by, "key.create", target=user.id, detail=f"wb_{prefix}"):
            record = self.store.keys.add(fields)
            if self._too_many(user):  # others were made at the same moment
                self.store.keys.remove(record.id)
                raise _no_room()
        return record, secret

    def _first_use(self, user: User, form_token: str) -> bool:
        mine = Remembered(new_id(), "key-form")
        kept = self.store.idempotency.remember(user.id, f"key-form:{form_token[:64]}", mine, now() + _FORM_LIFETIME)
        return kept == mine

    def revoke_key(self, by: Audited, key_id: str) -> None:
        """It is refused from now on. Raises NotFound."""
        standing = self._standing(by.actor, key_id)
        if standing is None:
            raise NotFound("There is no such API key.")
        self._audit.note(by, "key.revoke", target=by.actor.id, detail=f"wb_{standing.prefix}")
        self.store.keys.revoke(by.actor.id, key_id, now())

    def restore_key(self, by: Audited, key_id: str) -> ApiKey:
        """Have a key back for ten minutes after it was revoked; harmless when it is back. Raises NotFound, Invalid `too_many_keys`."""
        user = by.actor
        standing = self._standing(user, key_id)
        if standing:
            return standing
        self._check_room(user)
        kept = self.store.keys.kept(user.id, key_id)
        if kept is None:
            raise _gone()
        with self._audit.noted(by, "key.restore", target=user.id, detail=f"wb_{kept.prefix}"):
            return self._restored(user, key_id)

    def _restored(self, user: User, key_id: str) -> ApiKey:
        restored = self.store.keys.restore(user.id, key_id, now())
        if restored is None:
            raise _gone()
        if self._too_many(user):  # others were made at the same moment
            self.store.keys.revoke(user.id, key_id, now())
            raise _no_room()
        return restored

    @property
    def _audit(self) -> AuditLog:
        return AuditLog(self.store)

    def _standing(self, user: User, key_id: str) -> ApiKey | None:
        return next((one for one in self.store.keys.of_user(user.id) if one.id == key_id), None)

    def _check_room(self, user: User) -> None:
        if len(self.store.keys.of_user(user.id)) >= KEYS_PER_USER:
            raise _no_room()

    def _too_many(self, user: User) -> bool:
        return len(self.store.keys.of_user(user.id)) > KEYS_PER_USER

    def _by_login(self, user_id: str, version: str, login_id: str, kind: str) -> Caller | None:
        moment = now()
        found = self.store.logins.with_user(login_id, user_id, moment)
        if found is None:
            return None
        login, user = found
        if login.kind != kind or user.disabled or str(user.token_version) != version:
            return None
        if login.last_seen_at is None or moment - login.last_seen_at > _NOTE_USE_EVERY:
            self.store.logins.seen(login_id, moment)
        return Caller(user, frozenset(SCOPES), login_id=login_id)

    def _is_good(self, credential: str, key: ApiKey, user: User, moment: datetime) -> bool:
        if not hmac.compare_digest(key.key_hash, self._key_hash(credential)) or user.disabled:
            return False
        return key.expires_at is None or key.expires_at > moment

    def _secret(self) -> str:
        return self.settings.secret("secret_key")

    def _key_hash(self, credential: str) -> str:
        return hmac.new(self._secret().encode(), b"api-key:" + credential.encode(), hashlib.sha256).hexdigest()


def _gone() -> NotFound:
    return NotFound("There is no such API key, or it is too late to have it back.")


def _no_room() -> Invalid:
    most = Text("you have %(most)s keys already: revoke one first", most=KEYS_PER_USER)
    return Invalid.field("name", most, code="too_many_keys")
