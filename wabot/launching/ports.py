"""The ports of one wabot: the ones that settings name must be free, the database's is chosen, and kept."""

from __future__ import annotations

import errno
import secrets
import socket
import time
from pathlib import Path

from ..config import ConfigError, Settings

EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
LOWEST_CHOSEN = 20_000

# How long the programs of a supervisord that was killed may take to follow it.
LEFTOVER_SECONDS = 15.0


def check(settings: Settings, *, leftover: bool) -> None:
    """Raises ConfigError naming each setting whose port is taken. `leftover`: the last run was killed, its programs may still be ending."""
    deadline = time.monotonic() + (LEFTOVER_SECONDS if leftover else 0)
    while problems := _taken(settings):
        if time.monotonic() >= deadline:
            raise ConfigError(problems)
        time.sleep(0.1)


def _taken(settings: Settings) -> dict[str, str]:
    wanted = [("WABOT_PORT", settings.host, settings.port), ("GATEWAY_PORT", "127.0.0.1", settings.gateway_port)]
    if settings.sandbox:
        wanted.append(("SANDBOX_PORT", "127.0.0.1", settings.sandbox_port))
    problems: dict[str, str] = {}
    seen: dict[int, str] = {}
    for name, host, port in wanted:
        if port in seen:
            problems[name] = f"{port} is {seen[port]} too"
        elif why := _why_not_free(host, port):
            problems["WABOT_HOST" if why == "address" else name] = _words(why, host, port)
        seen[port] = name
    return problems


def _words(why: str, host: str, port: int) -> str:
    if why == "address":
        return f"{host} is not an address of this machine"
    if why == "permission":
        return f"{port} needs rights that this user hasn't"
    return f"{port} is taken on {host}: stop what listens there, or choose another"


def _why_not_free(host: str, port: int) -> str | None:
    """None when `port` can be listened on now."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        return "address"
    except OSError as error:
        return {errno.EADDRNOTAVAIL: "address", errno.EACCES: "permission"}.get(error.errno or 0, "taken")
    return None


def kept(noted: Path) -> int:
    """The one noted at an earlier start, so that who runs beside finds the database again, such as a second web process; another when
    somebody else has it by now."""
    try:
        earlier = int(noted.read_text())
    except (FileNotFoundError, ValueError):
        return choose_free()
    return earlier if _is_chosen(earlier) and _why_not_free("127.0.0.1", earlier) is None else choose_free()


def _is_chosen(port: int) -> bool:
    return LOWEST_CHOSEN <= port < _first_ephemeral()


def choose_free() -> int:
    """A free loopback port below the range the system takes outgoing ports from.

    In that range a client that keeps calling a stopped server can be given the server's own port, be connected to
    itself, and hold the port so that the server can't come back.
    """
    for _ in range(200):
        port = LOWEST_CHOSEN + secrets.randbelow(_first_ephemeral() - LOWEST_CHOSEN)
        if _why_not_free("127.0.0.1", port) is None:
            return port
    raise ConfigError({"MONGO_URI": "unset, and no free port was found for the embedded database"})


def _first_ephemeral() -> int:
    try:
        first = int(EPHEMERAL_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        first = 32_768  # Linux's default
    return first if first > LOWEST_CHOSEN + 1_000 else 65_535
