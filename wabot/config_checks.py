"""What the settings refuse, taken together: what production can't be run with, what doesn't fit each other, and what a program
would stumble over later.

Any other setting that is wrong by itself is refused by its field in config.py.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pymongo import uri_parser
from pymongo.errors import PyMongoError
from redis.connection import parse_url as parse_redis_url

if TYPE_CHECKING:
    from .config import Settings


_SAID = {"int_parsing": "is not a whole number", "bool_parsing": "is neither 1 nor 0"}


def problems(settings: Settings) -> dict[str, str]:
    """What is wrong, by name of the setting in the environment; empty when all is well."""
    found = _insecure(settings) if settings.production else _unsafe_local(settings)
    if settings.default_network == "sandbox" and not settings.sandbox:
        found["WABOT_DEFAULT_NETWORK"] = "is sandbox, but WABOT_SANDBOX is 0"
    return found | _unreadable(settings) | _unusable_public_url(settings)


class Together(ValueError):
    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__("settings that don't go together")
        self.problems = problems


def in_words(kind: str, said: str, example: str) -> str:
    """What Pydantic calls `kind`, and `said` of a setting, for people."""
    if kind == "string_pattern_mismatch":
        return f"doesn't look like {example}"
    return _SAID.get(kind) or re.sub(r"^(Value error, |(Input|String) (?=should))", "", said)


def is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


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


def _unreadable(settings: Settings) -> dict[str, str]:
    """Never with a word of the value: some hold passwords."""
    mongo = "is not mongodb://user:password@host:port/wabot, with user and password percent-encoded"
    looked_at: list[tuple[str, str | None, Callable[[str], bool], str]] = [
        (
            "SMTP_URL",
            settings.smtp_url,
            _has_host,
            "is not smtp://user:password@host:port, with user and password percent-encoded",
        ),
        ("MONGO_URI", settings.mongo_uri, _is_mongo, mongo),
        ("MONGO_URI", settings.mongo_uri, _names_database, "names no database: end it with /wabot"),
        ("REDIS_URL", settings.redis_url, _is_redis, "is not redis://:password@host:port/0, with the password percent-encoded"),
        ("WA_BAILEYS_URL", settings.baileys_url, _is_websocket, "is not ws://host:port"),
        ("WA_CHROMIUM_ARGS", settings.chromium_args, _is_shell_words, "has an open quote, or ends with a backslash"),
        ("WABOT_WEBHOOK_ALLOW", settings.webhook_allow, _are_hosts, "is not a list of hosts, such as 127.0.0.1,hooks.internal"),
    ]
    found: dict[str, str] = {}
    for name, value, is_usable, words in looked_at:
        if value and not is_usable(value):
            found.setdefault(name, words)
    return found


def _unusable_public_url(settings: Settings) -> dict[str, str]:
    if not settings.public_url:
        return {}
    public = urlsplit(settings.public_url)
    if public.scheme not in ("http", "https") or public.query or public.fragment or public.username:
        return {"PUBLIC_URL": "is not the address people open, such as https://wabot.example.com"}
    if not _has_host(settings.public_url):
        return {"PUBLIC_URL": "names no host"}
    return {"PUBLIC_URL": "has a path: wabot needs a host name of its own"} if public.path else {}


def _is_mongo(uri: str) -> bool:
    """Of `mongodb+srv` only that it is one: the rest stands in the DNS, which may be away while we start."""
    if uri.startswith("mongodb+srv://"):
        return _has_host(uri)
    try:
        uri_parser.parse_uri(uri, warn=False)
    except (PyMongoError, ValueError):
        return False
    return True


def _names_database(uri: str) -> bool:
    return bool(urlsplit(uri).path.strip("/"))


def _is_redis(url: str) -> bool:
    """Its own reader takes the machine itself where no host is named."""
    try:
        read: dict[str, object] = parse_redis_url(url)  # type: ignore[no-untyped-call]
    except ValueError:
        return False
    return not url.startswith("unix:") or "path" in read


def _is_websocket(url: str) -> bool:
    return url.startswith(("ws://", "wss://")) and _has_host(url)


def _is_shell_words(text: str) -> bool:
    try:
        shlex.split(text)
    except ValueError:
        return False
    return True


def _are_hosts(text: str) -> bool:
    """As they stand in a URL, without a port: they are compared with its host letter by letter."""
    return all(_is_host(one.strip()) for one in text.split(",") if one.strip())


def _is_host(text: str) -> bool:
    return is_address(text.strip("[]")) if ":" in text else re.fullmatch(r"[^\s/@?#*\[\]]+", text) is not None


def _has_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        return False
