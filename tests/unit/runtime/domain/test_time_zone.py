"""Time zones are known by their IANA names, and days begin and end by their clocks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.domain.time_zone import day_end, day_of, day_start, known_zone, zone_of

ZONES = (
    "UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "Asia/Beirut",
    "America/Havana", "Australia/Lord_Howe", "Etc/GMT+12",
)  # fmt: skip


@pytest.mark.parametrize("name", ZONES)
def test_an_iana_name_is_a_zone(name: str) -> None:
    """Continents, fixed offsets and UTC alike."""
    assert known_zone(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "", "Mars/Olympus", "Europe", "localtime", "posixrules", "posix/Europe/Berlin",
        "right/Europe/Berlin", "../../etc/passwd", "/etc/localtime", "Europe/../Europe/Berlin",
        "Europe/Berlin\n", "+01:00", "Europe/Berlin\0",
    ],
)  # fmt: skip
def test_what_is_no_zone_is_refused(name: str) -> None:
    """Also folders, paths, and what only says something about one machine."""
    with pytest.raises(ValueError, match="is no time zone, expected an IANA name"):
        zone_of(name)


@pytest.mark.parametrize(
    ("instant", "zone", "day"),
    [
        ("2026-01-05T23:30Z", "UTC", "2026-01-05"),
        ("2026-01-05T23:30Z", "Europe/Berlin", "2026-01-06"),
        ("2026-01-05T04:30Z", "America/New_York", "2026-01-04"),
    ],
)
def test_a_day_is_that_of_the_calendars_there(instant: str, zone: str, day: str) -> None:
    """Midnight comes at another instant in each zone."""
    assert day_of(datetime.fromisoformat(instant), zone) == day


@pytest.mark.parametrize(
    ("day", "zone", "start", "hours"),
    [
        pytest.param("2026-01-05", "UTC", "2026-01-05T00:00Z", 24, id="UTC"),
        pytest.param("2026-03-29", "Europe/Berlin", "2026-03-28T23:00Z", 23, id="spring"),
        pytest.param("2026-10-25", "Europe/Berlin", "2026-10-24T22:00Z", 25, id="autumn"),
        pytest.param("2026-03-29", "Asia/Beirut", "2026-03-28T22:00Z", 23, id="midnight skipped"),
        pytest.param("2026-11-01", "America/Havana", "2026-11-01T04:00Z", 25, id="midnight twice"),
    ],
)
def test_a_day_begins_and_ends_where_clocks_say(
    day: str, zone: str, start: str, hours: int
) -> None:
    """Days are 23 or 25 hours long where clocks are changed."""
    assert day_start(day, zone) == datetime.fromisoformat(start)
    assert day_end(day, zone) - day_start(day, zone) == timedelta(hours=hours)


@given(
    second=st.integers(946_684_800, 2_208_988_800),
    zone=st.sampled_from([zone for zone in ZONES if zone != "Pacific/Apia"]),
)
def test_an_instant_lies_in_its_day(second: int, zone: str) -> None:
    """From the day's beginning to its end, whatever clocks do in between."""
    instant = datetime.fromtimestamp(second, UTC)
    day = day_of(instant, zone)

    assert day_start(day, zone) <= instant < day_end(day, zone)
    assert day_of(day_start(day, zone), zone) == day
    assert day_of(day_end(day, zone), zone) > day
