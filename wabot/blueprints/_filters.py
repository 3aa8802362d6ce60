"""What the address of a list asks for, field by field: what can't be read is refused, never passed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from flask import request

from ..errors import Invalid
from ..lib.clock import from_rfc3339
from ..services.user_administration import NO_PLACE
from ..words import Text
from . import _moments

Reader = Callable[[str, str], Any]
"""A field's name and what was typed, to what it means. Raises Invalid."""

_ID = re.compile(r"[0-9a-f]{24}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def asked(*names: str, most: int = 200) -> dict[str, str]:
    """As it was typed."""
    return {name: request.args.get(name, "").strip()[:most] for name in names}


def place(name: str = "cursor") -> str | None:
    """Where the page before ended, an id; None for the first page. Raises Invalid."""
    typed = request.args.get(name)
    if typed is not None and not _ID.fullmatch(typed):
        raise Invalid.field(name, NO_PLACE)
    return typed


def understood(typed: Mapping[str, str], **readers: Reader) -> dict[str, Any]:
    """None for an empty field. Raises Invalid, which names every field that can't be read."""
    wrong: list[Invalid] = []
    found: dict[str, Any] = {}
    for name, read in readers.items():
        try:
            found[name] = read(name, typed[name]) if typed[name] else None
        except Invalid as error:
            wrong.append(error)
    if len(wrong) == 1:
        raise wrong[0]
    if wrong:
        raise Invalid(
            "The filter can't be used as it is.", fields={name: why for one in wrong for name, why in one.fields.items()}
        )
    return found


def one_of(choices: Iterable[str]) -> Reader:
    known = list(choices)

    def read(name: str, typed: str) -> str:
        if typed not in known:
            raise Invalid.field(name, Text("choose from %(choices)s", choices=", ".join(known)))
        return typed

    return read


def days(zone: str) -> dict[str, Reader]:
    """`since` and `until`: times with their zone, or bare dates as the page's fields send them, which are whole days of `zone` and
    belong to it; of UTC where it is empty. After the last of all days nothing is left out."""

    def reader(end: int) -> Reader:
        return lambda name, typed: _moments.whole_day(name, typed, zone)[end] if _DATE.fullmatch(typed) else _moment(name, typed)

    return {"since": reader(0), "until": reader(1)}


def _moment(name: str, typed: str) -> datetime:
    try:
        return from_rfc3339(typed)
    except ValueError as error:
        raise Invalid.field(name, "isn't a date such as 2030-12-31") from error


def in_zone(zone: str) -> Reader:
    """What a field for date and time sends; an address that names no zone is in UTC."""
    return lambda name, typed: _moments.read(name, typed, zone, zone_field=name)
