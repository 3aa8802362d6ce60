"""Login tokens (JWT, HS256): made, and read once however often they are shown.

What a token says never changes, so its signature is checked at the first sight and remembered by the token's digest; whether it
has expired is looked at each time. Whether it was revoked is not for the token to say.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import jwt

_ALGORITHM = "HS256"
_REQUIRED = ["sub", "jti", "ver", "exp"]
_REMEMBERED = 2000

Claims = dict[str, Any]


class InvalidToken(Exception):
    """Not ours, or expired."""


class Tokens:
    """Safe for threads."""

    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret
        self._read: OrderedDict[bytes, Claims] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, claims: Claims) -> str:
        return jwt.encode(claims, self._secret(), algorithm=_ALGORITHM)

    def claims(self, token: str) -> Claims:
        """Raises InvalidToken."""
        digest = hashlib.sha256(token.encode()).digest()
        with self._lock:
            claims = self._read.get(digest)
        if claims is None:
            claims = self._checked(token)
            self._remember(digest, claims)
        if claims["exp"] <= time.time():
            raise InvalidToken
        return claims

    def _checked(self, token: str) -> Claims:
        try:
            claims: Claims = jwt.decode(token, self._secret(), algorithms=[_ALGORITHM], options={"require": _REQUIRED})
        except jwt.PyJWTError as error:
            raise InvalidToken from error
        return claims

    def _remember(self, digest: bytes, claims: Claims) -> None:
        with self._lock:
            self._read[digest] = claims
            if len(self._read) > _REMEMBERED:
                self._read.popitem(last=False)
