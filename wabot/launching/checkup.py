"""Every dependency, looked at one after the other, for `flask doctor`: what is fine, and what to do about the rest.

What answers over the network is asked with a deadline; nothing is changed and nothing is sent.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

from ..config import ConfigError, Settings
from ..lib.mail import MailError, SmtpDoor, door_for
from ..services import Services
from . import environment

OLDEST_NODE = 20
_SECONDS = 10
_NODE_MODULES = Path(__file__).resolve().parents[2] / "node_wa" / "node_modules"
_FREE_MB = 500
"""Below this much room the database and the browsers get into trouble soon."""
_LOOK = "{data}/logs/{name}.log says why, and `WABOT_DATA={data} make status` shows whether it runs."
_PROGRAMS = {
    "db": "doesn't answer. Start everything with `make run` (on a server `systemctl start wabot`), or check MONGO_URI.",
    "gateway": f"doesn't answer. {_LOOK}",
    "worker": f"none is running, so nothing is sent. {_LOOK}",
    "sandbox": f"doesn't answer. {_LOOK} WABOT_SANDBOX=0 switches it off.",
}


class Ailment(Exception):
    """What is wrong, and the way out."""


@dataclass(frozen=True)
class Finding:
    name: str
    fine: bool
    words: str


def findings(services: Services) -> Iterator[Finding]:
    settings = services.settings
    for name, fine in services.readiness.checks().items():
        yield Finding(name, fine, "answers" if fine else _PROGRAMS[name].format(name=name, data=settings.data))
    if settings.redis_url:
        yield _look("redis", settings, _redis)
    yield _look("mail", settings, _mail)
    if settings.production:
        yield _look("proxies", settings, _proxies)
    yield _look("browser", settings, _browser)
    yield _look("node", settings, _node)
    yield _look("light engine", settings, _light_engine)
    yield _look("data", settings, _data)


def _look(name: str, settings: Settings, look: Callable[[Settings], str]) -> Finding:
    try:
        return Finding(name, True, look(settings))
    except Ailment as ailment:
        return Finding(name, False, str(ailment))


def _redis(settings: Settings) -> str:
    connection = Redis.from_url(settings.redis_url or "", socket_timeout=2, socket_connect_timeout=2)
    try:
        connection.ping()
    except RedisError as error:
        why = f"doesn't answer ({type(error).__name__}): check REDIS_URL. Until then each web process counts for itself."
        raise Ailment(why) from error
    finally:
        connection.close()
    return "answers"


def _mail(settings: Settings) -> str:
    if settings.smtp_url is None:
        if settings.production:
            raise Ailment("none are sent, so nobody gets a link for a forgotten password: set SMTP_URL.")
        return f"as files in {settings.data / 'mail'}"
    door = door_for(settings.smtp_url, settings.data / "mail", "")
    try:
        if isinstance(door, SmtpDoor):
            door.check()
    except MailError as error:
        raise Ailment(f"{error}: check SMTP_URL.") from error
    return "the SMTP server answers"


def _proxies(settings: Settings) -> str:
    if settings.trusted_proxies == 0:
        why = "HTTPS needs one in front, but TRUSTED_PROXIES is 0: all people are one address, and share what an address may do."
        raise Ailment(why)
    return f"{settings.trusted_proxies} in front"


def _browser(settings: Settings) -> str:
    try:
        return _output(str(environment.browser(settings)), "--version")
    except ConfigError as error:
        why = (
            f"{error.problems['CHROMIUM_PATH']}: install Debian's chromium-headless-shell or Google Chrome, or set CHROMIUM_PATH."
        )
        raise Ailment(why) from error


def _node(_: Settings) -> str:
    found = shutil.which("node")
    if found is None:
        raise Ailment(f"is not installed: the gateway needs {OLDEST_NODE} or newer.")
    version = _output(found, "--version")
    number = re.match(r"v(\d+)", version)
    if number is None or int(number[1]) < OLDEST_NODE:
        raise Ailment(f"is {version}: the gateway needs {OLDEST_NODE} or newer.")
    return version


def _light_engine(settings: Settings) -> str:
    """Optional, so it is fine without; who runs it should know on what terms."""
    package = _NODE_MODULES / "baileys" / "package.json"
    if not package.is_file():
        return "baileys is not installed; whatsapp-web.js works without it (`make setup` installs it)"
    version = json.loads(package.read_text())["version"]
    where = (
        "allowed on the live network"
        if settings.baileys_live
        else "for test mode only, WA_BAILEYS_LIVE=1 allows it on the live network"
    )
    return f"baileys {version} (MIT), which stands on libsignal (GPL-3.0); experimental, {where}"


def _data(settings: Settings) -> str:
    path: Path = settings.data
    if path.stat().st_mode & 0o077:
        raise Ailment(f"{path} can be read by others: chmod 700 {path}")
    free = shutil.disk_usage(path).free // 2**20
    if free < _FREE_MB:
        raise Ailment(f"{path} has {free} MB left: make room.")
    return f"{path}, {free:,} MB free"


def _output(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=True)
    except (OSError, subprocess.SubprocessError) as error:
        raise Ailment(f"{command[0]} can't be run: {type(error).__name__}") from error
    return done.stdout.strip()
