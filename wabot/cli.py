"""Commands: `flask --app wsgi create-admin | ensure-indexes | doctor | backup | copy-database | listen`."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from .errors import WabotError
from .launching import checkup
from .listen import listen, listen_to
from .safekeeping import backup, copy_database
from .services import Services
from .store import DATABASE_DOWN

_NO_DATABASE = "The database doesn't answer. Start everything with `make run`, or check MONGO_URI."


def register(app: Flask) -> None:
    here = click.Command("listen", params=listen.params, help=listen.help, callback=with_appcontext(_listen_here))
    for command in (create_admin, ensure_indexes, doctor, backup, copy_database, here):
        app.cli.add_command(command)


def _services() -> Services:
    found: Services = current_app.extensions["wabot"]
    return found


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
