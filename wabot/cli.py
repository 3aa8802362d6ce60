"""Commands: `flask --app wsgi create-admin | ensure-indexes | doctor | backup | copy-database | listen`."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from .config import ConfigError
from .errors import WabotError
from .launching import backup as backups
from .launching import checkup
from .listen import listen, listen_to
from .services import Services
from .store import DATABASE_DOWN
from .store.connection import OPTIONS
from .store.copying import NotEmpty, WentMissing

_NO_DATABASE = "The database doesn't answer. Start everything with `make run`, or check MONGO_URI."


def register(app: Flask) -> None:
    here = click.Command("listen", params=listen.params, help=listen.help, callback=with_appcontext(_listen_here))
    for command in (create_admin, ensure_indexes, doctor, backup, copy_database, here):
        app.cli.add_command(command)


def _services() -> Services:
    return cast(Services, current_app.extensions["wabot"])


def _listen_here(**given: str | None) -> None:
    """To the wabot that is set up here, unless said otherwise."""
    listen_to(**{**given, "url": given["url"] or _services().settings.public_url})


@click.command("create-admin")
@click.argument("email")
@click.password_option(help="Asked for when not given.")
@with_appcontext
def create_admin(email: str, password: str) -> None:
    """Make an administrator."""
    try:
        user = _services().accounts.create_admin(email, password)
    except WabotError as error:
        raise click.ClickException(error.detail) from error
    except DATABASE_DOWN as error:
        raise click.ClickException(_NO_DATABASE) from error
    click.echo(f"{user.email} is an administrator now.")


@click.command("ensure-indexes")
@with_appcontext
def ensure_indexes() -> None:
    """Make every index that is missing."""
    try:
        click.echo(f"{_services().store.ensure_indexes()} indexes are in place.")
    except DATABASE_DOWN as error:
        raise click.ClickException(_NO_DATABASE) from error


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check every dependency, and say what to do."""
    found = []
    for one in checkup.findings(_services()):
        click.echo(f"{'ok  ' if one.fine else 'FAIL'}  {one.name}: {one.words}")
        found.append(one.fine)
    if not all(found):
        raise SystemExit(1)


@click.command("backup")
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def backup(archive: Path) -> None:
    """Write everything under WABOT_DATA into ARCHIVE, a .tar.gz, while wabot runs."""
    try:
        done = backups.write(_services().settings, archive)
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{error.filename or archive}: {error.strerror}") from error
    click.echo(f"{done.archive}: {done.size / 1e6:,.1f} MB; wabot stood still for {done.paused:.1f} s.")
    if _services().settings.mongo_uri:
        click.echo("The database is not in it: back it up with mongodump.")


@click.command("copy-database")
@click.argument("uri")
@with_appcontext
def copy_database(uri: str) -> None:
    """Copy everything into the empty database that URI names, while web, worker and gateway are stopped."""
    if not urlsplit(uri).path.strip("/"):
        raise click.BadParameter("names no database: end it with /wabot", param_hint="URI")
    try:
        if _services().readiness.checks()["worker"]:
            raise click.ClickException(
                "A worker is running. Stop it first: .venv/bin/supervisorctl -c supervisord.conf stop web worker gateway"
            )
        for name, copied in _services().store.copy_to(uri, OPTIONS):
            click.echo(f"{copied:>9,}  {name}")
    except NotEmpty as error:
        raise click.ClickException(f"There is something in it already: {error}") from error
    except WentMissing as error:
        raise click.ClickException(f"Not everything arrived. {error}") from error
    except DATABASE_DOWN as error:
        raise click.ClickException("One of the two databases doesn't answer.") from error
    click.echo("Done. Set MONGO_URI to it, and start again.")
