"""Each credential is counted apart, and no more of them than memory is given for."""

from __future__ import annotations

from datetime import UTC, datetime

from runtime.entrypoints.rest.rates import RequestRates, rate_headers
from runtime.kit.clock import FixedClock
from runtime.kit.rates import Rate


def test_credentials_do_not_spend_for_each_other() -> None:
    """One that asks too often shuts out no other."""
    rates = RequestRates(
        Rate(per_s=1, burst=1), monotonic_s=FixedClock(datetime(2026, 1, 1, tzinfo=UTC)).monotonic_s
    )

    admitted = [rates.one_more(name).admitted for name in ("a", "a", "b", "a")]

    assert admitted == [True, False, True, False]


def test_the_least_recently_seen_are_forgotten() -> None:
    """So many credentials are remembered, the busiest longest."""
    rates = RequestRates(
        Rate(per_s=1, burst=1),
        monotonic_s=FixedClock(datetime(2026, 1, 1, tzinfo=UTC)).monotonic_s,
        most_credentials=2,
    )
    for name in ("a", "b", "a", "c"):
        rates.one_more(name)

    assert [rates.one_more(name).admitted for name in ("a", "b")] == [False, True]


def test_where_nothing_was_counted_nothing_is_told() -> None:
    """As for routes that are open to everybody."""
    assert rate_headers({}) == []
