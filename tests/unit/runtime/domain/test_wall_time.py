"""Say when clocks show a time, where they are changed and where they are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from runtime.domain.time_zone import zone_of
from runtime.domain.wall_time import instant_past_gap, instants_showing, steady_offset


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("wall", "zone", "instants"),
    [
        pytest.param("2026-06-01T12:00", "Europe/Berlin", ["2026-06-01T10:00"], id="once"),
        pytest.param(
            "2026-10-25T02:30", "Europe/Berlin", ["2026-10-25T00:30", "2026-10-25T01:30"],
            id="twice",
        ),
        pytest.param("2026-03-29T02:30", "Europe/Berlin", [], id="never"),
        pytest.param("2026-03-29T03:00", "Europe/Berlin", ["2026-03-29T01:00"], id="past the gap"),
        pytest.param(
            "2026-04-05T01:45", "Australia/Lord_Howe", ["2026-04-04T14:45", "2026-04-04T15:15"],
            id="twice within half an hour",
        ),
        pytest.param("2011-12-30T12:00", "Pacific/Apia", [], id="a day that never was"),
        pytest.param("2026-03-29T02:30", "UTC", ["2026-03-29T02:30"], id="no summer"),
    ],
)  # fmt: skip
def test_clocks_show_a_time_as_often_as_they_do(wall: str, zone: str, instants: list[str]) -> None:
    """Once, twice the earlier first, or never."""
    found = instants_showing(datetime.fromisoformat(wall), zone_of(zone))

    assert found == tuple(map(_utc, instants))


@pytest.mark.parametrize(
    ("wall", "zone", "instant"),
    [
        pytest.param("2026-03-29T02:00", "Europe/Berlin", "2026-03-29T01:00", id="its beginning"),
        pytest.param("2026-03-29T02:59", "Europe/Berlin", "2026-03-29T01:00", id="its end"),
        pytest.param(
            "2026-10-04T02:15", "Australia/Lord_Howe", "2026-10-03T15:30", id="half an hour"
        ),
        pytest.param("2011-12-30T12:00", "Pacific/Apia", "2011-12-30T10:00", id="a whole day"),
    ],
)
def test_a_gap_ends_at_one_instant(wall: str, zone: str, instant: str) -> None:
    """Whatever was jumped over, the first instant after it is the same."""
    assert instant_past_gap(datetime.fromisoformat(wall), zone_of(zone)) == _utc(instant)


@pytest.mark.parametrize(
    ("first", "last", "offset_h"),
    [
        pytest.param("2026-06-01T00:00", "2026-06-01T23:59", 2, id="summer"),
        pytest.param("2026-03-29T00:00", "2026-03-29T23:59", None, id="a change in between"),
        pytest.param("2026-03-29T01:00", "2026-03-29T02:59", None, id="ends in a gap"),
        pytest.param("2026-10-25T00:00", "2026-10-25T02:59", None, id="ends in an overlap"),
        pytest.param("2026-10-25T02:00", "2026-10-25T02:59", None, id="lies in an overlap"),
    ],
)
def test_clocks_are_steady_where_they_are_not_changed(
    first: str, last: str, offset_h: int | None
) -> None:
    """Nothing is said of a stretch that a change touches."""
    found = steady_offset(
        datetime.fromisoformat(first), datetime.fromisoformat(last), zone_of("Europe/Berlin")
    )

    assert found == (None if offset_h is None else timedelta(hours=offset_h))
