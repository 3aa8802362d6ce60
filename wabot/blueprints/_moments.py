"""Times as people type them: a field for date and time, in the zone that its form's field `zone` names."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from ..errors import Invalid
from ..lib.clock import SkippedHour, local_to_utc
from ._languages import zone_of_reader


def own_zone() -> str:
    """The reader's, as far as the server knows it: without one of the settings UTC, until js/zone.js names the browser's."""
    return zone_of_reader() or "UTC"


def for_field(moment: datetime) -> str:
    """What a field for date and time shows, in `own_zone()`."""
    return f"{moment.astimezone(ZoneInfo(own_zone())):%Y-%m-%dT%H:%M}"


def read(name: str, typed: str, zone: str, *, zone_field: str = "zone") -> datetime:
    """Raises Invalid for `name`, or for `zone_field` when there is no such zone."""
    try:
        return local_to_utc(typed, zone)
    except LookupError as error:
        raise Invalid.field(zone_field, "isn't known here: write one like Europe/Berlin, or an offset such as +02:00") from error
    except SkippedHour as error:
        raise Invalid.field(name, "doesn't exist there: the clocks go forward at that time; choose another") from error
    except ValueError as error:
        raise Invalid.field(name, "isn't a date and a time") from error
