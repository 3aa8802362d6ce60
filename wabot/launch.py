"""Starts the whole of wabot in the foreground: checks everything, then becomes supervisord.

Run by `make run` as `python -m wabot.launch`. `python -m wabot.launch web` (or `worker`, `gateway`) becomes that program alone, for
containers that share one WABOT_DATA and one loopback; the database is then `MONGO_URI`'s.

Exit status: 0 after Ctrl-C or SIGTERM, 2 when a setting can't be used; each such setting is named. What the programs find in their
environment is described in docs/internals.md.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from . import config
from .launching import banner, data, environment, ports
from .lib.strength import weakness

ROOT = Path(__file__).resolve().parent.parent
BAD_SETTINGS = 2
ALONE = {
    "web": [sys.executable, "-m", "gunicorn", "--config", "python:wabot.gunicorn_conf", "wsgi:app"],
    "worker": [sys.executable, "-m", "wabot.worker"],
    "gateway": ["node", "node_wa/server.js"],
}
"""As in supervisord.conf."""


def prepare(environ: Mapping[str, str]) -> tuple[config.Settings, dict[str, str]]:
    """Make WABOT_DATA ready and lock it. Returns the settings and the programs' environment; raises ConfigError."""
    settings = config.load(environ)
    _check_admin_password(settings)
    environment.check_engine(settings)
    environment.check_machine(environ)
    data.prepare(settings.data)
    with data.usable(settings.data):
        data.lock(settings.data)
        ports.check(settings, leftover=(settings.data / "run" / "supervisord.pid").exists())
        data.make_secrets(settings.data)
        noted = settings.data / "run" / "db.port"
        db_port = None if settings.mongo_uri else ports.kept(noted)
        _note_db_port(noted, db_port)
    return settings, environment.for_programs(settings, environ, db_port)


def prepare_alone(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of one program by itself; WABOT_DATA is shared with the others', so it isn't locked. Raises ConfigError."""
    settings = config.load(environ)
    if not settings.mongo_uri:
        raise config.ConfigError({"MONGO_URI": "is needed where each program is started alone"})
    _check_admin_password(settings)
    environment.check_engine(settings)
    environment.check_machine(environ)
    data.prepare(settings.data)
    with data.usable(settings.data):
        data.make_secrets(settings.data)
    return environment.for_programs(settings, environ, None) | {"GUNICORN_CMD_ARGS": ""}


def _check_admin_password(settings: config.Settings) -> None:
    """A local trial on loopback may have any; where others reach the login it must not be guessed at once."""
    if not settings.reachable or "admin_password" not in settings.model_fields_set:
        return
    if why := weakness(settings.admin_password, [settings.admin_email]):
        raise config.ConfigError({"WABOT_ADMIN_PASSWORD": why})


def _note_db_port(path: Path, port: int | None) -> None:
    path.unlink(missing_ok=True)
    if port is not None:
        path.write_text(f"{port}\n")


def main() -> NoReturn:
    os.umask(0o077)
    try:
        if len(sys.argv) > 1:
            _become(sys.argv[1])
        _become_all()
    except config.ConfigError as error:
        print(error.report, file=sys.stderr)
        sys.exit(BAD_SETTINGS)


def _become_all() -> NoReturn:
    settings, exported = prepare(os.environ)
    print(f"wabot is starting; data in {settings.data}", flush=True)
    banner.fork(settings)
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "-m", "wabot.launching.supervise", "-c", str(ROOT / "supervisord.conf")], exported)


def _become(program: str) -> NoReturn:
    if program not in ALONE:
        sys.exit(f"{program} is none of {', '.join(ALONE)}")
    exported = prepare_alone(os.environ)
    os.chdir(ROOT)
    os.execvpe(ALONE[program][0], ALONE[program], exported)


if __name__ == "__main__":
    main()
