"""WABOT_DATA: its directories, its secrets, and the lock that keeps a second wabot out of it."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..config import ConfigError
from ..lib.files import aside_of, write_synced

DIRECTORIES = ("secrets", "run", "db", "gateway", "sandbox", "logs", "mail")
_WRITTEN_BY_PROGRAMS = ("db", "gateway", "logs")
SECRETS = ("secret_key", "gateway_secret", "internal_secret", "engine_secret")

# sun_path holds 107 bytes, and supervisor binds `<socket>.<pid>` first, with a pid of up to seven digits.
LONGEST_SOCKET_PATH = 99

# supervisord closes every descriptor from 5 up when it starts, and its programs close every one from 3 up.
LOCK_FD = 3


@contextmanager
def usable(data: Path) -> Iterator[None]:
    """Around what is read and written there: whatever keeps us from it is a ConfigError."""
    try:
        yield
    except OSError as error:
        path = Path(error.filename or data)
        raise ConfigError({"WABOT_DATA": _foreign(path, data, error) or _unusable(path, error)}) from error


def _foreign(path: Path, data: Path, error: OSError) -> str | None:
    """The way out where somebody else started wabot here before, such as root."""
    with suppress(OSError):
        owner = path.stat().st_uid
        if isinstance(error, PermissionError) and owner != os.geteuid():
            return f"{path} belongs to {_name(owner)}, and wabot runs as {_name(os.geteuid())}: `chown -R {_name(os.geteuid())} {data}`"
    return None


def _unusable(path: Path, error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return f"{path} is not a directory"
    return f"{path} can't be {'used' if _is_there(path) else 'made'}: {error.strerror}"


def _is_there(path: Path) -> bool:
    with suppress(PermissionError):
        return path.exists()
    return False


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def prepare(data: Path) -> None:
    """Make the directories, 0700. Raises ConfigError when WABOT_DATA can't be used."""
    _check_path(data)
    with usable(data):
        for path in (data, *(data / name for name in DIRECTORIES)):
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o700)
        for path in (one for name in _WRITTEN_BY_PROGRAMS for one in (data / name).iterdir()):
            if not os.access(path, os.R_OK | os.W_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


def _check_path(data: Path) -> None:
    socket = data / "run" / "supervisor.sock"
    if len(os.fsencode(socket)) > LONGEST_SOCKET_PATH:
        raise ConfigError(
            {"WABOT_DATA": f"is too long: {socket} may have {LONGEST_SOCKET_PATH} characters at most, since it is a socket"}
        )
    if not str(data).isprintable() or set('"%\\') & set(str(data)):
        raise ConfigError({"WABOT_DATA": "has a character that supervisord.conf can't hold: \", %, \\ or one that doesn't print"})


def lock(data: Path) -> None:
    """Hold WABOT_DATA until the process that this one turns into ends. Raises ConfigError when another holds it."""
    descriptor = os.open(data / "run" / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise ConfigError({"WABOT_DATA": f"{data} is in use: a wabot runs on it already"}) from error
    if descriptor != LOCK_FD:
        os.dup2(descriptor, LOCK_FD)
        os.close(descriptor)
    os.set_inheritable(LOCK_FD, True)


def make_secrets(data: Path) -> None:
    """Make each secret once, 0600 and whole from its first moment."""
    for name in SECRETS:
        path = data / "secrets" / name
        if not path.exists():
            _make_secret(path)
        path.chmod(0o600)


def _make_secret(path: Path) -> None:
    aside = aside_of(path)
    try:
        write_synced(aside, secrets.token_urlsafe(48).encode())
        # A link, not a rename: whoever comes second keeps the first one's secret.
        os.link(aside, path)
    except FileExistsError:
        pass  # made meanwhile by another start, and as good as this one
    finally:
        aside.unlink(missing_ok=True)
