"""Times and days as people type them, in the zone that their form's field `zone` names."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ..errors import Invalid
from ..lib.clock import SkippedHour, local_to_utc, start_of_day
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
        raise _no_zone(zone_field) from error
    except SkippedHour as error:
        raise Invalid.field(name, "doesn't exist there: the clocks go forward at that time; choose another") from error
    except ValueError as error:
        raise Invalid.field(name, "isn't a date and a time") from error


def whole_day(name: str, typed: str, zone: str) -> tuple[datetime, datetime | None]:
    """Its first moment in that zone, and the next day's; None after the last of all days. Raises Invalid for `name`, also when there
    is no such zone: the pages fill that in themselves."""
    try:
        day = date.fromisoformat(typed)
        first = start_of_day(day, zone)
        return first, start_of_day(day + timedelta(days=1), zone)
    except OverflowError:
        return first, None
    except LookupError as error:
        raise _no_zone(name) from error
    except ValueError as error:
        raise Invalid.field(name, "isn't a date such as 2030-12-31") from error


def _no_zone(name: str) -> Invalid:
    return Invalid.field(name, "isn't known here: write one like Europe/Berlin, or an offset such as +02:00")
