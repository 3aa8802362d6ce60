"""Time as wabot keeps and shows it: UTC, milliseconds (what the store keeps), RFC 3339 outside."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, tzinfo
from zoneinfo import ZoneInfo

BEGINNING = datetime(2025, 1, 1, tzinfo=UTC)
"""No wabot wrote anything before."""
_OFFSET = re.compile(r"[+-]\d\d:[0-5]\d", re.ASCII)


class SkippedHour(ValueError):
    """Clocks were put forward over this time: it never is."""


def now() -> datetime:
    """The present in UTC, cut to milliseconds, so that what is stored equals what is answered."""
    moment = datetime.now(UTC)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def to_rfc3339(moment: datetime) -> str:
    """`2026-01-31T12:00:00.000Z`. A naive time is taken as UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def optional_rfc3339(moment: datetime | None) -> str | None:
    return to_rfc3339(moment) if moment else None


def from_rfc3339(text: str) -> datetime:
    """Raises ValueError when the text is no RFC 3339 time with a zone."""
    if not text.isprintable():
        raise ValueError("a time has no control characters")
    moment = datetime.fromisoformat(text.upper())  # RFC 3339 allows a small t and z
    if moment.tzinfo is None:
        raise ValueError("a time needs its zone, such as Z or +02:00")
    moment = _in_utc(moment)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def day(moment: datetime) -> str:
    """`20260131`, the key of a day's counters."""
    return moment.astimezone(UTC).strftime("%Y%m%d")


def duration_for_people(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`, `3 days`."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if minutes < 1:
        return f"{rest} s"
    if hours < 1:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    if hours < 48:
        return f"{hours} h {minutes_left} min" if minutes_left else f"{hours} h"
    return f"{hours // 24} days"


def local_to_utc(typed: str, zone: str) -> datetime:
    """What a form's `datetime-local` says in a zone (`Europe/Berlin`, or an offset such as `+02:00`). Raises ValueError for the
    time, SkippedHour for one that the zone's clocks leave out, LookupError for the zone. In the hour that comes twice the first is
    meant."""
    naive = datetime.fromisoformat(typed)
    if naive.tzinfo:
        return _in_utc(naive)
    place = _zone(zone)
    moment = _in_utc(naive.replace(tzinfo=place))
    if moment.astimezone(place).replace(tzinfo=None) != naive:
        raise SkippedHour(typed)
    return moment


def start_of_day(day: date, zone: str) -> datetime:
    """Its first moment there, in UTC: no midnight where clocks are put forward over that. Raises ValueError and LookupError as above."""
    return _in_utc(datetime.combine(day, time.min, tzinfo=_zone(zone)))


def _in_utc(moment: datetime) -> datetime:
    """Raises ValueError for the first and the last hours of all times, which have none in UTC."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{moment} lies beyond all times") from error


def _zone(name: str) -> tzinfo:
    if name in ("", "UTC", "Z"):
        return UTC
    if _OFFSET.fullmatch(name):
        return datetime.fromisoformat(f"2000-01-01T00:00{name}").tzinfo or UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError) as error:
        raise LookupError(name) from error
