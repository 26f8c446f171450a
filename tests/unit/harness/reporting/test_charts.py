"""Check where figures are placed: monotone, inside, and marked by round numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.reporting.charts import amount_axis, even_places, share_axis, shift

AMOUNTS = st.lists(st.floats(min_value=1e-6, max_value=1e9), min_size=1, max_size=8)


@given(AMOUNTS)
def test_amounts_lie_inside_in_their_order(values: list[float]) -> None:
    """A dearer model is never left of a cheaper one, and no mark leaves the chart."""
    axis = amount_axis(values)
    places = [axis.at(value) for value in sorted(values)]

    assert places == sorted(places)
    assert all(axis.start - 0.01 <= place <= axis.end + 0.01 for place in places)
    assert all(axis.start - 0.01 <= mark.at <= axis.end + 0.01 for mark in axis.marks)
    assert len(axis.marks) <= 6


@pytest.mark.parametrize(
    ("values", "log", "ticks"),
    [
        pytest.param([40.0, 100.0], False, (0, 50, 100), id="alike"),
        pytest.param([1.0, 30.0], True, (1, 3, 10, 30), id="thirty times"),
        pytest.param([1.0, 29.0], False, (0, 10, 20, 30), id="less than thirty times"),
        pytest.param([2.0, 3_000_000.0], True, (100, 10_000, 1_000_000), id="far apart"),
        pytest.param([0.0, 100.0], False, (0, 50, 100), id="a zero has no logarithm"),
        pytest.param([], False, (0, 0.5, 1), id="nothing"),
    ],
)
def test_ticks_are_round(values: list[float], *, log: bool, ticks: tuple[float, ...]) -> None:
    """A reader can say what a place means."""
    axis = amount_axis(values)

    assert axis.log is log
    assert tuple(mark.value for mark in axis.marks) == pytest.approx(ticks)


@pytest.mark.parametrize(
    ("lows", "low", "ticks"),
    [
        pytest.param([0.97], 0.9, (1.0, 0.9), id="all good"),
        pytest.param([0.62, 0.8], 0.6, (1.0, 0.9, 0.8, 0.7, 0.6), id="down to the worst"),
        pytest.param([0.0], 0.0, (1.0, 0.8, 0.6, 0.4, 0.2, 0.0), id="nothing passed"),
        pytest.param([], 0.9, (1.0, 0.9), id="nothing known"),
    ],
)
def test_shares_hang_from_the_top(lows: list[float], low: float, ticks: tuple[float, ...]) -> None:
    """100 % is on top, and the axis goes as low as an interval does."""
    axis = share_axis(lows)

    assert (axis.low, axis.at(1.0), axis.at(axis.low)) == (low, 0.0, 100.0)
    assert tuple(mark.value for mark in axis.marks) == ticks


def test_columns_are_evenly_spaced() -> None:
    """Half a column is free at both ends."""
    assert even_places(4) == (12.5, 37.5, 62.5, 87.5)


def test_a_change_is_drawn_around_zero() -> None:
    """The longer side fills its half, and the tolerated loss is left of zero."""
    drawn = shift(-0.05, (-0.1, 0.02), margin=0.02)

    assert (drawn.low, drawn.point, drawn.high, drawn.margin) == (0.0, 50.0, 120.0, 80.0)
    assert shift(0.0, (0.0, 0.0), margin=0.0).point == 100.0
