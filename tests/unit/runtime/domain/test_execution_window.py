"""A window is open by the clock on a wall of its zone, and says when it opens next."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from runtime.domain.execution_window import ExecutionWindow, next_opening
from runtime.kit.json_value import JsonObject

BERLIN = "Europe/Berlin"
FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


def window(start: str, end: str, **changes: object) -> ExecutionWindow:
    """Build a window of Berlin, open on each day."""
    return ExecutionWindow.model_validate({"zone": BERLIN, "start": start, "end": end, **changes})


def at(text: str) -> datetime:
    """Read an instant."""
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("opening", "instant", "open_"),
    [
        pytest.param(window("09:00", "17:00"), "2026-01-05T08:00Z", True, id="winter, from 8 UTC"),
        pytest.param(window("09:00", "17:00"), "2026-01-05T07:59Z", False, id="winter, before"),
        pytest.param(window("09:00", "17:00"), "2026-07-06T07:00Z", True, id="summer, from 7 UTC"),
        pytest.param(window("09:00", "17:00"), "2026-07-06T15:00Z", False, id="summer, to 15 UTC"),
        pytest.param(
            window("22:00", "06:00", days=[FRIDAY]), "2026-01-10T04:59Z", True,
            id="the night of Friday reaches into Saturday",
        ),
        pytest.param(
            window("22:00", "06:00", days=[FRIDAY]), "2026-01-09T04:59Z", False,
            id="the morning of Friday is Thursday's night",
        ),
        pytest.param(
            window("00:00", "23:59", days=[SATURDAY]), "2026-01-09T23:30Z", True,
            id="it is Saturday there while it is Friday in UTC",
        ),
        pytest.param(
            window("02:00", "03:00"), "2026-03-29T01:00Z", False, id="02:00 is skipped in spring"
        ),
        pytest.param(
            window("01:00", "04:00"), "2026-03-29T01:00Z", True, id="03:00 follows upon 01:59"
        ),
        pytest.param(
            window("02:00", "03:00"), "2026-10-25T00:30Z", True, id="02:30 for the first time"
        ),
        pytest.param(
            window("02:00", "03:00"), "2026-10-25T01:30Z", True, id="02:30 for the second time"
        ),
        pytest.param(
            window("22:00", "06:00", days=[SATURDAY]), "2026-03-29T03:59Z", True,
            id="a short night ends at 06:00 all the same",
        ),
    ],
)  # fmt: skip
def test_a_window_is_open_by_the_clock_of_its_zone(
    opening: ExecutionWindow, instant: str, *, open_: bool
) -> None:
    """Nights belong to the day they start on; skipped times are not, doubled ones are twice."""
    assert opening.covers(at(instant)) is open_


@pytest.mark.parametrize(
    ("opening", "now", "opens"),
    [
        pytest.param(window("09:00", "17:00"), "2026-01-05T07:00Z", "2026-01-05T08:00Z", id="soon"),
        pytest.param(window("09:00", "17:00"), "2026-01-05T16:00Z", "2026-01-06T08:00Z", id="next"),
        pytest.param(window("09:00", "17:00"), "2026-01-05T09:30Z", "2026-01-05T09:30Z", id="now"),
        pytest.param(
            window("22:00", "06:00", days=[FRIDAY]), "2026-01-10T05:00Z", "2026-01-16T21:00Z",
            id="in a week, less its night",
        ),
        pytest.param(
            window("02:30", "05:00"), "2026-03-29T00:00Z", "2026-03-29T01:00Z",
            id="as clocks jump over its start",
        ),
        pytest.param(
            window("02:10", "02:50", days=[SUNDAY]), "2026-03-28T12:00Z", "2026-04-05T00:10Z",
            id="a week later than the night that skips it",
        ),
        pytest.param(
            window("01:00", "02:30"), "2026-10-25T00:45Z", "2026-10-25T01:00Z",
            id="again, as clocks go back to before its end",
        ),
        pytest.param(
            window("02:15", "02:30"), "2026-10-25T00:40Z", "2026-10-25T01:15Z",
            id="at its start, which comes twice",
        ),
        pytest.param(window("09:00", "17:00", days=[]), "2026-01-05T07:00Z", None, id="no day"),
        pytest.param(window("09:00", "09:00"), "2026-01-05T07:00Z", None, id="no time"),
    ],
)  # fmt: skip
def test_a_window_says_when_it_opens(opening: ExecutionWindow, now: str, opens: str | None) -> None:
    """The first instant from now on at which it is open."""
    assert opening.opens_at(at(now)) == (opens and at(opens))
    assert next_opening([opening], at(now)) == (opens and at(opens))


def test_of_several_windows_the_first_to_open_counts() -> None:
    """In UTC, however now is written; a window that never opens does not matter."""
    windows = (window("09:00", "09:00"), window("20:00", "21:00"), window("12:00", "13:00"))

    opens = next_opening(windows, at("2026-01-05T10:30+01:00"))

    assert str(opens) == "2026-01-05 11:00:00+00:00"
    assert next_opening((), at("2026-01-05T10:30+01:00")) is None


_ZONES = ("UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca")
_TIMES = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))


@given(
    opening=st.builds(
        ExecutionWindow,
        days=st.sets(st.integers(0, 6), min_size=1).map(tuple),
        zone=st.sampled_from(_ZONES),
        start=_TIMES,
        end=_TIMES,
    ),
    quarter=st.integers(1_767_225_600 // 900, 1_798_761_600 // 900),
)
def test_nothing_is_open_before_a_window_opens(opening: ExecutionWindow, quarter: int) -> None:
    """It is shut from now until then, and open then: the year's every quarter of an hour agrees."""
    now = datetime.fromtimestamp(quarter * 900, UTC)
    ahead = [now + timedelta(minutes=15 * number) for number in range(15 * 96)]

    found = opening.opens_at(now)

    assert found == next((instant for instant in ahead if opening.covers(instant)), None)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"zone": "Mars/Olympus"}, id="no zone"),
        pytest.param({"zone": "Europe"}, id="a folder of zones"),
        pytest.param({"zone": "E" * 65}, id="a long name"),
        pytest.param({"start": "09:00Z"}, id="UTC within another zone"),
        pytest.param({"end": "17:00+01:00"}, id="a time with an offset"),
    ],
)
def test_a_window_whose_times_are_unclear_is_refused(change: JsonObject) -> None:
    """One zone, by its IANA name, says what both times mean."""
    with pytest.raises(ValidationError):
        ExecutionWindow.model_validate({"zone": BERLIN, "start": "09:00", "end": "17:00", **change})


def test_a_stored_window_without_a_zone_is_in_utc() -> None:
    """What was written before zones means what it meant."""
    old = ExecutionWindow.model_validate_json('{"days": [0], "start": "09:00", "end": "17:00"}')

    assert old.zone == "UTC"
    assert old.covers(at("2026-01-05T16:59Z"))
    assert ExecutionWindow.model_validate_json(old.model_dump_json()) == old
