"""Say what cron expressions mean, and which texts are none."""

from __future__ import annotations

from datetime import date

import pytest

from runtime.domain.cron import CronError, parse_cron


@pytest.mark.parametrize(
    ("written", "minutes"),
    [
        pytest.param("*", tuple(range(60)), id="all"),
        pytest.param("7", (7,), id="a number"),
        pytest.param("59,0,0", (0, 59), id="a list, in any order"),
        pytest.param("5-8", (5, 6, 7, 8), id="a range"),
        pytest.param("*/25", (0, 25, 50), id="a step over all"),
        pytest.param("10-20/4", (10, 14, 18), id="a step over a range"),
        pytest.param("3,10-12,*/30", (0, 3, 10, 11, 12, 30), id="all of it"),
    ],
)
def test_a_field_means_its_numbers(written: str, minutes: tuple[int, ...]) -> None:
    """Each way to write a field gives the numbers that crontab(5) says."""
    assert parse_cron(f"{written} * * * *").minutes == minutes


@pytest.mark.parametrize(
    ("written", "weekdays"),
    [
        pytest.param("0", {0}, id="Sunday first"),
        pytest.param("7", {0}, id="Sunday last"),
        pytest.param("mon-FRI", {1, 2, 3, 4, 5}, id="by name, in any case"),
        pytest.param("FRI-SUN", {5, 6, 0}, id="over the end of the week by name"),
        pytest.param("5-7", {5, 6, 0}, id="over the end of the week by number"),
        pytest.param("5-0", {5, 6, 0}, id="to the other Sunday"),
        pytest.param("SUN-TUE", {0, 1, 2}, id="from Sunday"),
        pytest.param("*/2", {0, 2, 4, 6}, id="every other"),
    ],
)
def test_weekdays_are_named_and_numbered(written: str, weekdays: set[int]) -> None:
    """Sunday is 0, and 7 where that reads better."""
    assert parse_cron(f"0 0 * * {written}").weekdays == weekdays


def test_months_are_named() -> None:
    """Months have names like weekdays."""
    assert parse_cron("0 0 1 jan,mar-MAY *").months == {1, 3, 4, 5}


def test_an_expression_is_kept_in_one_spelling() -> None:
    """Capitals and single spaces: two spellings of one expression are one."""
    assert parse_cron("  0\t6 * *  mon-fri ").text == "0 6 * * MON-FRI"


@pytest.mark.parametrize(
    ("text", "day", "covered"),
    [
        pytest.param("0 0 13 * *", date(2026, 3, 13), True, id="its number"),
        pytest.param("0 0 13 * *", date(2026, 3, 14), False, id="another number"),
        pytest.param("0 0 * * FRI", date(2026, 3, 13), True, id="its weekday"),
        pytest.param("0 0 * * FRI", date(2026, 3, 14), False, id="another weekday"),
        pytest.param("0 0 13 * FRI", date(2026, 3, 20), True, id="both given: weekday enough"),
        pytest.param("0 0 13 * FRI", date(2026, 4, 13), True, id="both given: number enough"),
        pytest.param("0 0 13 * FRI", date(2026, 4, 14), False, id="both given: neither"),
        pytest.param("0 0 */2 * FRI", date(2026, 3, 13), True, id="a starred number: both"),
        pytest.param("0 0 */2 * FRI", date(2026, 3, 20), False, id="a starred number: one only"),
        pytest.param("0 0 13 * */2", date(2026, 8, 13), True, id="a starred weekday: both"),
        pytest.param("0 0 13 * */2", date(2026, 3, 13), False, id="a starred weekday: one only"),
        pytest.param("0 0 13 4 *", date(2026, 3, 13), False, id="another month"),
        pytest.param("0 0 13 4 FRI", date(2026, 3, 13), False, id="another month, both given"),
        pytest.param("0 0 * * 7", date(2026, 3, 15), True, id="Sunday"),
    ],
)
def test_days_are_meant_by_number_and_weekday(text: str, day: date, *, covered: bool) -> None:
    """Two kinds of days that are both restricted are joined; else both have to fit."""
    assert parse_cron(text).covers(day) is covered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("30 * * * *", True, id="all"),
        pytest.param("30 0-23 * * *", True, id="all, spelled out"),
        pytest.param("30 1-23 * * *", False, id="all but one"),
    ],
)
def test_every_hour_is_a_question_of_meaning(text: str, *, expected: bool) -> None:
    """It matters which hours are meant, not how they are written."""
    assert parse_cron(text).every_hour is expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param("", "0 fields, expected 5: minute", id="nothing"),
        pytest.param("* * * *", "4 fields", id="too few fields"),
        pytest.param("* * * * * *", "6 fields", id="seconds"),
        pytest.param("@daily", "1 fields", id="a nickname"),
        pytest.param("60 * * * *", "minute '60' .* expected 0 to 59", id="beyond the hour"),
        pytest.param("* 24 * * *", "hour '24'", id="beyond the day"),
        pytest.param("* * 0 * *", "day of the month '0'", id="before the month"),
        pytest.param("* * * 13 *", "month '13' .* 1 to 12, or JAN", id="beyond the year"),
        pytest.param("* * * * 8", "day of the week '8'", id="beyond the week"),
        pytest.param("* * * FRI *", "month 'FRI'", id="a name of another field"),
        pytest.param("MON * * * *", "minute 'MON'", id="a name where none is"),
        pytest.param("9-5 * * * *", "'9-5' .* ends before it begins", id="a backward range"),
        pytest.param("5/10 * * * *", "'5/10' .* needs '\\*' or a range", id="a step of a number"),
        pytest.param("*/0 * * * *", "a step is 1 to 59", id="a step of zero"),
        pytest.param("*/60 * * * *", "a step is 1 to 59", id="a step beyond"),
        pytest.param("1, * * * *", "minute '' .* expected", id="an empty item"),
        pytest.param("-1 * * * *", "minute '-1'", id="below zero"),
        pytest.param("1-2-3 * * * *", "minute '1-2-3'", id="a range of three"),
        pytest.param("? * * * *", "minute '\\?'", id="another dialect"),
        pytest.param("* * L * *", "day of the month 'L'", id="the last day"),
        pytest.param("\u0661 * * * *", "minute", id="other digits"),
        pytest.param("0 0 31 2 *", "'31 2' never comes", id="a date that is none"),
        pytest.param("0 0 30-31 feb *", "never comes", id="dates that are none"),
        pytest.param("0 0 31 4,6,9,11 */2", "never comes", id="short months"),
        pytest.param("* " * 101, "202 letters, at most 200", id="too long"),
    ],
)
def test_what_is_no_expression_is_refused(text: str, problem: str) -> None:
    """The message names the field, its text and what was expected."""
    with pytest.raises(CronError, match=problem):
        parse_cron(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0 0 29 2 *", id="a leap day"),
        pytest.param("0 0 31 2 MON", id="a weekday instead"),
        pytest.param("0 0 31 4,5 *", id="one month long enough"),
    ],
)
def test_what_comes_at_all_is_taken(text: str) -> None:
    """It is enough that it comes once in a while."""
    assert parse_cron(text).text == text
