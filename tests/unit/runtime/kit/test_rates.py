"""So many at once, then so many a second, and never more."""

from __future__ import annotations

import pytest

from runtime.kit.rates import Admission, Rate, admission


def asked(rate: Rate, *, at_s: list[float]) -> list[Admission]:
    """Ask at each of these instants, and remember as a caller does."""
    decided, spent = list[Admission](), 0.0
    for now_s in at_s:
        decided.append(admission(rate, spent_until_s=spent, now_s=now_s))
        spent = decided[-1].spent_until_s
    return decided


def test_a_burst_is_admitted_and_the_next_one_is_not() -> None:
    """What remains is told with each."""
    decided = asked(Rate(per_s=2, burst=3), at_s=[10.0] * 4)

    assert [item.admitted for item in decided] == [True, True, True, False]
    assert [item.remaining for item in decided] == [2, 1, 0, 0]
    assert decided[-1].wait_s == pytest.approx(0.5)
    assert decided[-1].full_again_s == pytest.approx(1.5)


def test_who_waits_as_told_is_admitted() -> None:
    """And not a moment before."""
    rate = Rate(per_s=2, burst=3)

    early = asked(rate, at_s=[10.0] * 3 + [10.49])
    in_time = asked(rate, at_s=[10.0] * 4 + [10.5])

    assert not early[-1].admitted
    assert in_time[-1].admitted


def test_a_refusal_costs_nothing() -> None:
    """Who hammers is not shut out for longer than who waits."""
    decided = asked(Rate(per_s=1, burst=1), at_s=[5.0, *[5.1] * 50, 6.0])

    assert decided[-1].admitted
    assert not any(item.admitted for item in decided[1:-1])


@pytest.mark.parametrize(("per_s", "burst"), [(600, 1_200), (3, 7), (0.1, 2), (1 / 3, 1)])
def test_the_long_run_is_bounded(per_s: float, burst: int) -> None:
    """Asked far too often for a while, the sum is the burst and the rate, to the last one."""
    instants = [number / 1_000 for number in range(5_000)]

    admitted = sum(item.admitted for item in asked(Rate(per_s=per_s, burst=burst), at_s=instants))

    assert admitted <= burst + per_s * 5
    assert admitted >= min(5_000, int(burst + per_s * 4.99))


def test_silence_fills_up_no_further_than_the_burst() -> None:
    """An hour of rest allows no more at once than ever."""
    decided = asked(Rate(per_s=100, burst=2), at_s=[0.0, *[3_600.0] * 3])

    assert [item.admitted for item in decided] == [True, True, True, False]


@pytest.mark.parametrize(("per_s", "burst"), [(0, 1), (-1, 1), (1, 0)])
def test_a_rate_that_allows_nothing_is_refused(per_s: float, burst: int) -> None:
    """It would be a wrong setting."""
    with pytest.raises(ValueError, match="expected some"):
        Rate(per_s=per_s, burst=burst)
