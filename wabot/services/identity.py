"""Who is asking: browser logins, API tokens (JWT) and API keys, all revocable at once."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from ..config import Settings
from ..errors import Unauthenticated
from ..lib.clock import now
from ..lib.tokens import InvalidToken, Tokens
from ..store import Store
from ..store.records import ApiKey, Login, User
from .audit import Audited, AuditLog
from .keys import SCOPES, hash_of

TOKEN_LIFETIME = timedelta(hours=24)
COOKIE_LIFETIME = timedelta(days=30)
_NOTE_USE_EVERY = timedelta(minutes=1)


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
    audit: AuditLog

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
            self.audit.note(Audited(user, address[:64]), "admin.login", target=user.id, detail=kind)
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
        if not hmac.compare_digest(key.key_hash, hash_of(credential, self.settings)) or user.disabled:
            return False
        return key.expires_at is None or key.expires_at > moment
