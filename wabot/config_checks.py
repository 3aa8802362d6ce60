"""What the settings refuse, taken together: what production can't be run with, and what doesn't fit each other.

A setting that is wrong by itself is refused by its field in config.py.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from .config import Settings


def problems(settings: Settings) -> dict[str, str]:
    """What is wrong, by name of the setting in the environment; empty when all is well."""
    found = _insecure(settings) if settings.production else _unsafe_local(settings)
    if settings.default_network == "sandbox" and not settings.sandbox:
        found["WABOT_DEFAULT_NETWORK"] = "is sandbox, but WABOT_SANDBOX is 0"
    if settings.mongo_uri and not urlsplit(settings.mongo_uri).path.strip("/"):
        found["MONGO_URI"] = "names no database: end it with /wabot"
    return found | _unusable_urls(settings)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _insecure(settings: Settings) -> dict[str, str]:
    """What production refuses."""
    found = {}
    if not settings.secret_key or len(settings.secret_key) < 32:
        found["SECRET_KEY"] = "production needs one of at least 32 characters"  # noqa: S105  # a sentence
    if not settings.public_url.startswith("https://"):
        found["PUBLIC_URL"] = "production needs the https:// address people open"
    if settings.default_admin_in_force and "admin_password" in settings.model_fields_set:
        found["WABOT_ADMIN_PASSWORD"] = "the default password is refused in production"  # noqa: S105  # a sentence
    if not settings.metrics_token:
        found["METRICS_TOKEN"] = "production needs one (16 characters or more)"  # noqa: S105  # a sentence
    if settings.webhook_allow:
        found["WABOT_WEBHOOK_ALLOW"] = "is for local only"
    if settings.baileys_url:
        found["WA_BAILEYS_URL"] = "is for tests only"
    return found


def _unsafe_local(settings: Settings) -> dict[str, str]:
    if settings.default_admin_in_force and not is_loopback(settings.host):
        return {"WABOT_HOST": "is not loopback: set WABOT_ADMIN_PASSWORD first, the default one is known to everybody"}
    return {}


def _unusable_urls(settings: Settings) -> dict[str, str]:
    found = {}
    if settings.smtp_url and not _has_host(settings.smtp_url):
        found["SMTP_URL"] = "is not smtp://user:password@host:port, with user and password percent-encoded"
    public = urlsplit(settings.public_url)
    if settings.public_url and (public.scheme not in ("http", "https") or public.query or public.fragment or public.username):
        found["PUBLIC_URL"] = "is not the address people open, such as https://wabot.example.com"
    elif settings.public_url and not _has_host(settings.public_url):
        found["PUBLIC_URL"] = "names no host"
    return found


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
