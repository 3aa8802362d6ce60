"""Commands: `flask --app wsgi create-admin | ensure-indexes | doctor`."""

from __future__ import annotations

import click
from flask import Flask, current_app
from flask.cli import with_appcontext

from .errors import WabotError
from .services import Services
from .store import DATABASE_DOWN

_ADVICE = {
    "db": "The database doesn't answer. Start everything with `make run`, or check MONGO_URI.",
    "gateway": "The gateway doesn't answer. `make status` shows whether it runs, `make logs` why not.",
    "worker": "No worker is running, so nothing is sent. `make status` shows whether it runs, `make logs` why not.",
    "sandbox": "The sandbox doesn't answer. `make status` shows whether it runs; WABOT_SANDBOX=0 switches it off.",
}


def register(app: Flask) -> None:
    for command in (create_admin, ensure_indexes, doctor):
        app.cli.add_command(command)


def _services() -> Services:
    found: Services = current_app.extensions["wabot"]
    return found


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
        raise click.ClickException(_ADVICE["db"]) from error
    click.echo(f"{user.email} is an administrator now.")


@click.command("ensure-indexes")
@with_appcontext
def ensure_indexes() -> None:
    """Make every index that is missing."""
    try:
        click.echo(f"{_services().store.ensure_indexes()} indexes are in place.")
    except DATABASE_DOWN as error:
        raise click.ClickException(_ADVICE["db"]) from error


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Check every dependency, and say what to do."""
    checks = _services().readiness.checks()
    for name, fine in checks.items():
        click.echo(f"{'ok  ' if fine else 'FAIL'}  {name}" + ("" if fine else f": {_ADVICE[name]}"))
    browser = _services().settings.chromium_path
    click.echo(f"ok    browser: {browser or 'found at start'}")
    if not all(checks.values()):
        raise SystemExit(1)
