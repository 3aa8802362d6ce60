"""Listening to one's events on a developer's machine: `flask --app wsgi listen`, and, where no wabot is set up, `python -m wabot.listen`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

import click

from .lib import listening, signing
from .lib.clock import from_rfc3339, now

_NOT_FOR_TERMINALS = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What JSON leaves as it is and a terminal may take for an order, or for another direction."""


@click.command()
@click.option("--url", help="The wabot to listen to; by default the one that is set up here.")
@click.option("--key", envvar="WABOT_API_KEY", help="An API key with the scope read; better given as WABOT_API_KEY.")
@click.option("--forward", "target", help="Where to pass events on to: a port of this machine, or a URL on it.")
@click.option("--since", help="Begin with past events: 30m, 2h, 7d, or a time such as 2030-01-31T14:00:00Z.")
@click.option(
    "--secret", envvar="WABOT_WEBHOOK_SECRET", help="What to sign with (whsec_…); by default a new one is made and shown."
)
def listen(**given: str | None) -> None:
    """Print your events as they come, and pass them on to a port of this machine, signed as a webhook is."""
    listen_to(**given)


def listen_to(url: str | None, key: str | None, target: str | None, since: str | None, secret: str | None) -> None:
    """Until Ctrl-C. Raises click's errors."""
    if not url:
        raise click.BadParameter("is needed: no wabot is set up here", param_hint="--url")
    if not listening.is_address(url):
        raise click.BadParameter("must begin with https:// or http:// and name a host", param_hint="--url")
    key = key or click.prompt("API key", hide_input=True)
    target = f"http://127.0.0.1:{target}/" if target and target.isdigit() else target
    if target and not listening.is_local(target):
        raise click.BadParameter("only goes to this machine: give a port, or a URL of 127.0.0.1", param_hint="--forward")
    if secret and not signing.is_secret(secret):
        raise click.BadParameter("must be whsec_ and the base64 of 24 to 64 bytes", param_hint="--secret")
    begin = _since(since) if since else None
    if target and not secret:
        secret = signing.new_secret()
        click.echo(f"Signing with {secret}", err=True)
    source = url.rstrip("/")
    words = f"Listening to {source}" + (f", passing on to {target}" if target else "") + ". Ctrl-C ends it."
    try:
        events = listening.Listener(source, str(key)).events(begin, lambda: click.echo(words, err=True))
        _print_all(events, target, secret or "")
    except listening.Refused as refused:
        raise click.ClickException(str(refused)) from refused
    except KeyboardInterrupt:
        return


def _print_all(events: Iterator[listening.Event | None], target: str | None, secret: str) -> None:
    away = False
    for event in events:
        if event is None:
            if not away:
                click.echo("The wabot can't be reached; trying again …", err=True)
            away = True
            continue
        away = False
        done = f"  → {listening.forward(target, secret, event)}" if target else ""
        click.echo(f"{event['at']}  {event['type']:<22} {event['session']}  {event['id']}{done}")
        if not target:
            click.echo(_NOT_FOR_TERMINALS.sub(lambda found: f"\\u{ord(found[0]):04x}", event["payload"]))


def _since(text: str) -> datetime:
    """A time, or how long ago."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if text[:-1].isdigit() and text[-1] in units and len(text) < 7:
        return now() - timedelta(**{units[text[-1]]: int(text[:-1])})
    try:
        return from_rfc3339(text)
    except ValueError as error:
        raise click.BadParameter("is not a time, such as 30m, 2h, 7d or 2030-01-31T14:00:00Z", param_hint="--since") from error


if __name__ == "__main__":
    listen(prog_name="python -m wabot.listen")
