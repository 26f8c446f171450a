"""Name time zones, and say when a calendar day of one begins and ends."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field

MOST_LETTERS: Final = 64
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*")
_MACHINES_OWN: Final = ("localtime", "posixrules", "Factory", "posix/", "right/")
"""Files beside the zones that say something about one machine, or count leap seconds."""


@lru_cache(maxsize=1024)
def zone_of(name: str) -> tzinfo:
    """Return the zone of an IANA name.

    Raises:
        ValueError: there is no such zone here.
    """
    if name == "UTC":
        return UTC
    if _NAME.fullmatch(name) and not name.startswith(_MACHINES_OWN):
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: a folder, such as Europe
            pass
    message = f"{name[:MOST_LETTERS]!r} is no time zone, expected an IANA name like Europe/Berlin"
    raise ValueError(message)


def known_zone(name: str) -> str:
    """Return the name of a zone.

    Raises:
        ValueError: there is no such zone here.
    """
    zone_of(name)
    return name


ZoneName = Annotated[str, Field(max_length=MOST_LETTERS), AfterValidator(known_zone)]
"""An IANA name, such as `Europe/Berlin`."""


def day_of(instant: datetime, zone: str) -> str:
    """Return the date that calendars of a zone show, as `2026-01-31`."""
    return instant.astimezone(zone_of(zone)).date().isoformat()


def day_start(day: str, zone: str) -> datetime:
    """Return the instant, in UTC, at which a day begins.

    Where clocks skip midnight, the day begins with the first time of it that exists.
    """
    return datetime.combine(date.fromisoformat(day), time(), zone_of(zone)).astimezone(UTC)


def day_end(day: str, zone: str) -> datetime:
    """Return the instant, in UTC, at which a day is over: the beginning of the next."""
    after = date.fromisoformat(day) + timedelta(days=1)
    return day_start(after.isoformat(), zone)
