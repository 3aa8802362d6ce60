"""Encryption at rest, by Fernet (AES-128-CBC with HMAC-SHA256), with a key of its own for each purpose, derived from `SECRET_KEY`."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Unsealable(Exception):
    """Sealed with another key, for another purpose, changed, or too old."""


class Sealer:
    def __init__(self, secret: str, purpose: str) -> None:
        derived = HKDF(SHA256(), length=64, salt=None, info=f"wabot:{purpose}".encode()).derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(derived[:32]))
        self._mac_key = derived[32:]

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str, *, max_age: int | None = None) -> str:
        """`max_age` in seconds. Raises Unsealable."""
        try:
            return self._fernet.decrypt(sealed.encode(), ttl=max_age).decode()
        except (InvalidToken, ValueError) as error:
            raise Unsealable from error

    def digest(self, text: str) -> str:
        """For what is only compared, and long enough not to be guessed."""
        return hmac.new(self._mac_key, text.encode(), hashlib.sha256).hexdigest()
