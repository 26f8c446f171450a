"""Tests of the waits between tries."""

from datetime import UTC, datetime

import pytest

from runtime.kit.backoff import delay_s, retry_after_s

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("attempt", "jitter", "expected"),
    [
        pytest.param(0, 0.5, 1.0, id="the first"),
        pytest.param(1, 0.5, 2.0, id="doubled"),
        pytest.param(3, 0.5, 8.0, id="doubled thrice"),
        pytest.param(3, 0.0, 0.0, id="no share"),
        pytest.param(5, 0.5, 15.0, id="capped before the share is taken"),
        pytest.param(10**9, 0.5, 15.0, id="so many that a float overflows"),
    ],
)
def test_delay_doubles_up_to_its_cap(attempt: int, jitter: float, expected: float) -> None:
    """The delay is the share of the doubled, capped base."""
    assert delay_s(attempt, base_s=2.0, cap_s=30.0, jitter=jitter) == expected


@pytest.mark.parametrize(
    ("attempt", "base_s", "cap_s", "jitter", "message"),
    [
        pytest.param(-1, 1.0, 1.0, 0.5, "attempt is -1", id="negative attempt"),
        pytest.param(0, -1.0, 1.0, 0.5, "base_s is -1.0", id="negative base"),
        pytest.param(0, 1.0, -1.0, 0.5, "cap_s is -1.0", id="negative cap"),
        pytest.param(0, 1.0, 1.0, 1.0, "jitter is 1.0", id="jitter of one"),
        pytest.param(0, 1.0, 1.0, -0.1, "jitter is -0.1", id="negative jitter"),
    ],
)
def test_delay_refuses_what_is_out_of_range(
    attempt: int, base_s: float, cap_s: float, jitter: float, message: str
) -> None:
    """A wait is never negative and never unbounded."""
    with pytest.raises(ValueError, match=message):
        delay_s(attempt, base_s=base_s, cap_s=cap_s, jitter=jitter)


def test_delay_accepts_zero() -> None:
    """A base or a cap of zero means not to wait."""
    assert delay_s(0, base_s=0.0, cap_s=0.0, jitter=0.9) == 0.0


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("120", 120.0, id="seconds"),
        pytest.param(" 1.5 ", 1.5, id="fraction and blanks"),
        pytest.param("0", 0.0, id="zero"),
        pytest.param("-5", 0.0, id="negative seconds"),
        pytest.param("Thu, 01 Jan 2026 00:02:00 GMT", 120.0, id="date"),
        pytest.param("Thursday, 01-Jan-26 00:02:00 GMT", 120.0, id="date of RFC 850"),
        pytest.param("Thu Jan  1 00:02:00 2026", 120.0, id="date of asctime"),
        pytest.param("Thu, 01 Jan 2026 00:02:00 -0000", 120.0, id="date of unknown zone"),
        pytest.param("Thu, 01 Jan 2026 02:02:00 +0200", 120.0, id="date of another zone"),
        pytest.param("Wed, 31 Dec 2025 23:59:00 GMT", 0.0, id="date that has passed"),
    ],
)
def test_retry_after_is_read(header: str, expected: float) -> None:
    """Both forms of the header are understood, and the past is now."""
    assert retry_after_s(header, now=NOW) == expected


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        " ",
        "soon",
        "1e9",
        "nan",
        "inf",
        "9" * 13,
        "1.",
        "٣",
        "Thu, 99 Jan 2026 00:00:00 GMT",
        "Thu, 01 Jan 2026 00:00:00 +999999999999",
    ],
)
def test_retry_after_garbage_is_nothing(header: str | None) -> None:
    """A header that can't be read is as good as none."""
    assert retry_after_s(header, now=NOW) is None
