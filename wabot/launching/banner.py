"""Tells the terminal when wabot is ready and how to get in, or what keeps it from being ready.

A small process beside supervisord: it waits for /readyz, says its lines once and ends. It ends with supervisord at the latest.
"""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.error
import urllib.request

from ..config import Settings
from .data import LOCK_FD
from .parent import end_with

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.2
_WITHOUT_SMTP = "WARNING: none are sent, since SMTP_URL is not set: forgotten passwords can't be chosen anew by mail"

# Never through a proxy of the environment: this is a call to ourselves.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fork(settings: Settings) -> None:
    """Start the banner process; returns in the parent at once."""
    parent = os.getpid()
    if os.fork():
        return
    code = 1
    try:
        os.close(LOCK_FD)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        end_with(parent, signal.SIGTERM)
        _run(settings)
        code = 0
    finally:
        os._exit(code)


def _run(settings: Settings) -> None:
    started = time.monotonic()
    complained = False
    while missing := _missing(settings):
        if not complained and time.monotonic() - started > PATIENCE_SECONDS:
            complained = True
            _say(_complaint(settings, missing))
        time.sleep(POLL_SECONDS)
    _say(_welcome(settings, time.monotonic() - started))


def _missing(settings: Settings) -> list[str]:
    """The names of the checks that /readyz says fail; empty when ready."""
    try:
        with _opener.open(f"{settings.internal_url}/readyz", timeout=5):
            return []
    except urllib.error.HTTPError as error:
        return _failing(error.read(65_536)) or ["web"]
    except OSError:
        return ["web"]


def _failing(body: bytes) -> list[str]:
    try:
        checks = json.loads(body)["checks"]
        return [name for name, good in checks.items() if not good]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _say(lines: list[str]) -> None:
    print("", *lines, "", sep="\n", flush=True)


def _welcome(settings: Settings, seconds: float) -> list[str]:
    return [
        f"wabot is ready after {seconds:.1f} s: {settings.public_url}",
        f"  admin login   {_login(settings)}",
        f"  data          {settings.data}",
        f"  logs          {settings.data / 'logs'} (make logs)",
        *([] if settings.smtp_url else [f"  mails         {_WITHOUT_SMTP if settings.production else settings.data / 'mail'}"]),
        "  stop          Ctrl-C",
    ]


def _login(settings: Settings) -> str:
    if not settings.default_admin_in_force:
        return f"{settings.admin_email}, with the password of WABOT_ADMIN_PASSWORD"
    if settings.production:
        return "made by you: .venv/bin/flask --app wsgi create-admin you@example.com"
    return f"{settings.admin_email} / {settings.admin_password} (until it is changed at the first login)"


def _complaint(settings: Settings, missing: list[str]) -> list[str]:
    logs = ", ".join(str(settings.data / "logs" / f"{name}.log") for name in missing)
    return [
        f"wabot is not ready after {PATIENCE_SECONDS:.0f} s. Failing: {', '.join(missing)}. See {logs}",
        "`make status` shows the programs. Still trying; Ctrl-C stops.",
    ]
