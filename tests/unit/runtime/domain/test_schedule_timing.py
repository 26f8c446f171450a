"""Say when expressions come due, above all where clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from runtime.domain.cron import parse_cron
from runtime.domain.schedule_timing import Timing


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _timing(cron: str, zone: str = "Europe/Berlin") -> Timing:
    return Timing(cron=parse_cron(cron), zone=zone)


def _between(cron: str, first: str, last: str, *, zone: str = "Europe/Berlin") -> list[str]:
    found = _timing(cron, zone).newest_between(_utc(first), _utc(last), most=1_000)
    return [at.strftime("%dT%H:%M") for at in found]


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        pytest.param("30 2 * * *", ["28T01:30", "29T01:00", "30T00:30"], id="skipped"),
        pytest.param("0 3 * * *", ["28T02:00", "29T01:00", "30T01:00"], id="the end of the gap"),
        pytest.param("*/20 2 * * *", ["28T01:00", "28T01:20", "28T01:40", "29T01:00",
                                      "30T00:00", "30T00:20", "30T00:40"], id="several skipped"),
        pytest.param("30 2,3 * * *", ["28T01:30", "28T02:30", "29T01:00", "29T01:30",
                                      "30T00:30", "30T01:30"], id="skipped and not"),
    ],
)  # fmt: skip
def test_a_skipped_time_comes_once_when_clocks_have_jumped(cron: str, expected: list[str]) -> None:
    """Nothing of a day is left out in spring, and nothing comes twice."""
    assert _between(cron, "2026-03-28T00:00", "2026-03-30T12:00") == expected


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        pytest.param("30 2 * * *", ["24T00:30", "25T00:30", "26T01:30"], id="a time"),
        pytest.param("0 2,3 * * *", ["24T00:00", "24T01:00", "25T00:00", "25T02:00",
                                     "26T01:00", "26T02:00"], id="around the change"),
    ],
)  # fmt: skip
def test_a_repeated_time_comes_once(cron: str, expected: list[str]) -> None:
    """Of two times in autumn, the first one counts."""
    assert _between(cron, "2026-10-23T12:00", "2026-10-26T12:00") == expected


def test_every_hour_comes_every_hour() -> None:
    """Where no hour is left out, neither spring nor autumn make a pause or a crowd."""
    spring = _between("30 * * * *", "2026-03-29T00:00", "2026-03-29T03:00")
    autumn = _between("30 * * * *", "2026-10-25T00:00", "2026-10-25T03:00")

    assert spring == ["29T00:30", "29T01:30", "29T02:30"]
    assert autumn == ["25T00:30", "25T01:30", "25T02:30"]


def test_a_change_of_half_an_hour_is_like_any_other() -> None:
    """Lord Howe's clocks jump from 02:00 to 02:30."""
    found = _between(
        "15 2 * * *", "2026-10-02T12:00", "2026-10-05T12:00", zone="Australia/Lord_Howe"
    )

    assert found == ["02T15:45", "03T15:30", "04T15:15"]


def test_a_day_that_never_was_comes_with_the_next() -> None:
    """Samoa went to bed on the 29th and rose on the 31st."""
    found = _between("0 9 * * *", "2011-12-29T00:00", "2012-01-01T00:00", zone="Pacific/Apia")

    assert found == ["29T19:00", "30T10:00", "30T19:00", "31T19:00"]


def test_clocks_put_back_over_midnight_keep_the_order() -> None:
    """The evening comes again after the next day began: what is next is next in time."""
    zone = "America/St_Johns"  # until 2011, from 00:01 back to 23:01
    found = _between("30 23,0 * * *", "2010-11-06T00:00", "2010-11-08T12:00", zone=zone)

    assert found == sorted(found)
    assert found == ["06T02:00", "06T03:00", "07T02:00", "07T04:00", "08T03:00", "08T04:00"]


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        pytest.param("0 0 29 2 *", "2096-03-01T00:00", "2104-02-28T23:00", id="a leap day"),
        pytest.param("0 0 29 2 */7", "2080-03-01T00:00", "2088-02-28T23:00", id="on a Sunday"),
        pytest.param("0 0 1 1 *", "2026-01-01T00:00", "2026-12-31T23:00", id="a year"),
        pytest.param("* * * * *", "2026-06-01T10:00:59", "2026-06-01T10:01", id="a second"),
        pytest.param("0 12 * * *", "2026-06-01T10:00", "2026-06-02T10:00", id="itself left out"),
    ],
)
def test_the_next_one_is_found_however_far(cron: str, after: str, expected: str) -> None:
    """What is asked after is left out itself."""
    assert _timing(cron).next_after(_utc(after)) == _utc(expected)


def test_the_newest_are_kept() -> None:
    """Of more than are asked for, the older are left out."""
    found = _timing("*/10 * * * *").newest_between(
        _utc("2020-01-01T00:00"), _utc("2026-06-01T00:00"), most=3
    )

    assert [at.strftime("%dT%H:%M") for at in found] == ["31T23:40", "31T23:50", "01T00:00"]


def test_nothing_lies_between_an_instant_and_itself() -> None:
    """The first end is left out, the second is not, and time does not run backwards."""
    timing, at = _timing("* * * * *"), _utc("2026-06-01T00:00")

    assert timing.newest_between(at, at, most=9) == ()
    assert timing.newest_between(at, _utc("2026-05-01T00:00"), most=9) == ()
