"""Commands that keep what wabot keeps: `flask --app wsgi backup | copy-database`."""

from __future__ import annotations

from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import click
from flask import current_app
from flask.cli import with_appcontext

from .config import ConfigError
from .launching import backup as backups
from .services import Services
from .store import DATABASE_DOWN
from .store.connection import OPTIONS
from .store.copying import NotEmpty, WentMissing


def _services() -> Services:
    return cast(Services, current_app.extensions["wabot"])


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
