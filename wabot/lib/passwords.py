"""Password hashes: scrypt by Werkzeug, and nothing else is ever stored."""

from __future__ import annotations

import os
from functools import lru_cache

from werkzeug.security import check_password_hash, generate_password_hash

METHOD = os.environ.get("WABOT_TEST_SCRYPT", "scrypt:32768:8:1")
"""Werkzeug's own default parameters; the test-suite sets cheaper ones, which only scrypt accepts."""


def hash_password(password: str) -> str:
    if not METHOD.startswith("scrypt:"):
        raise ValueError("passwords are hashed with scrypt only")
    return generate_password_hash(password, METHOD)


def verify_password(stored: str | None, password: str) -> bool:
    """Compare in the same time whether there is a password (`stored`) or not (None, or empty)."""
    matches = check_password_hash(stored or _dummy(), password)
    return matches and bool(stored)


@lru_cache(maxsize=1)
def _dummy() -> str:
    return hash_password("nobody's password")
