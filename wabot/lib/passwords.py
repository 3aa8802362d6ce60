"""Password hashes: scrypt by Werkzeug, and nothing else is ever stored."""

from __future__ import annotations

import os
import threading

from werkzeug.security import check_password_hash, generate_password_hash

from .processors import on_any

METHOD = os.environ.get("WABOT_TEST_SCRYPT", "scrypt:32768:8:1")
"""Werkzeug's own default parameters; the test-suite sets cheaper ones, which only scrypt accepts."""

_NOBODYS = f"{METHOD}$nobody${'0' * 128}"
"""A hash that is no password's; it costs what any other does, and nothing to make."""

_at_once = threading.BoundedSemaphore(4)
"""Each hash takes 32 MiB for its 100 ms: as many at once as there are threads would take all memory there is."""


def hash_password(password: str) -> str:
    if not METHOD.startswith("scrypt:"):
        raise ValueError("passwords are hashed with scrypt only")
    with _at_once, on_any():
        return generate_password_hash(password, METHOD)


def verify_password(stored: str | None, password: str) -> bool:
    """Compare in the same time whether there is a password (`stored`) or not (None, or empty)."""
    with _at_once, on_any():
        matches = check_password_hash(stored or _NOBODYS, password)
    return matches and bool(stored)
