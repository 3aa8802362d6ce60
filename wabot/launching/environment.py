"""What every program of wabot finds in its environment: docs/internals.md, "What each process finds"."""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Mapping
from pathlib import Path

from ..config import ConfigError, Settings

ENGINES = Path(__file__).resolve().parents[2] / "node_wa" / "engines"
OPEN_FILES = 4096
"""As supervisord.conf has it: room for web's 2,000 connections."""
# Debian's /usr/bin/chromium-headless-shell is a wrapper that doesn't exec: killing it would leave the browser.
BROWSERS = ("/usr/lib/chromium/chromium-headless-shell", "/usr/bin/chromium", "/opt/google/chrome/chrome")


def for_programs(settings: Settings, environ: Mapping[str, str], db_port: int | None) -> dict[str, str]:
    """The environment of supervisord, and so of its programs. `db_port` is None when MONGO_URI names the database."""
    exported = dict(environ) | {
        "WABOT_DATA": str(settings.data),
        "WABOT_HOST": settings.host,
        "WABOT_PORT": str(settings.port),
        "GATEWAY_PORT": str(settings.gateway_port),
        "SANDBOX_PORT": str(settings.sandbox_port),
        "WABOT_SANDBOX": str(int(settings.sandbox)),
        "WABOT_EMBEDDED_DB": str(int(db_port is not None)),
        "WABOT_INTERNAL_URL": settings.internal_url,
        "CHROMIUM_PATH": str(browser(settings)),
        "WA_CHROMIUM_ARGS": settings.chromium_args,
        "WA_BAILEYS_URL": settings.baileys_url or "",
        "WA_BAILEYS_LIVE": str(int(settings.baileys_live)),
    }
    exported.pop("WABOT_DB_PORT", None)
    if db_port is not None:
        exported["WABOT_DB_PORT"] = str(db_port)
    return exported


def browser(settings: Settings) -> Path:
    """The one that sessions run. Raises ConfigError."""
    candidates = [settings.chromium_path] if settings.chromium_path else [Path(path) for path in BROWSERS]
    for path in candidates:
        if path.is_file() and os.access(path, os.X_OK):
            return path.absolute()
    found = " or ".join(str(path) for path in candidates)
    raise ConfigError({"CHROMIUM_PATH": f"no browser that can be run at {found}"})


def check_machine(environ: Mapping[str, str]) -> None:
    """What supervisord and the gateway would stumble over. Raises ConfigError."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    problems = {}
    if allowed != resource.RLIM_INFINITY and allowed < OPEN_FILES:
        problems["open files"] = (
            f"{allowed:,} are allowed, {OPEN_FILES:,} are needed: `ulimit -n {OPEN_FILES}`, or LimitNOFILE of systemd"
        )
    if shutil.which("node", path=environ.get("PATH")) is None:
        problems["PATH"] = "has no node: install Node.js 20 or newer, such as Debian's nodejs"
    if problems:
        raise ConfigError(problems)


def check_engine(settings: Settings) -> None:
    """The gateway finds its engines in the same folder: one file each, and one that says what they are. Raises ConfigError."""
    there = sorted(one.stem for one in ENGINES.glob("*.js") if one.stem != "contract")
    if settings.default_engine not in there:
        raise ConfigError({"WABOT_DEFAULT_ENGINE": f"there is no {settings.default_engine}: choose from {', '.join(there)}"})
