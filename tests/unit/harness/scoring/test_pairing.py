"""Pairs name the closest pattern, and repeated steps cost nothing."""

from __future__ import annotations

from harness.scoring.alignment import align
from harness.scoring.pairing import telling_columns
from tests.unit.harness.scoring.builders import (
    a_plan,
    a_step,
    expected,
)


def test_closest_alternative_is_reported() -> None:
    """The pair says which pattern it was compared with."""
    step = {"any_of": [expected("a.b", x=1, y=1), expected("a.b", x=2, y=2), expected("a.c")]}
    (pair,) = align(a_plan(step), [a_step("a.b", x=2, y=3)]).pairs
    assert (pair.alternative, pair.similarity) == (1, 0.5)


def test_equal_steps_beyond_the_expected_ones_are_left_out() -> None:
    """A thousand right steps leave as many columns as there are rows."""
    costs = [[-5 * 10**9] * 1000 for _ in range(16)]
    assert len(telling_columns(costs, runs_only=False)) == 16
    assert len(telling_columns(costs, runs_only=True)) == 16


def test_where_order_matters_equal_steps_count_again_after_another() -> None:
    """The last of three equal steps may be the one that is needed."""
    costs = [[-9000, 0, -9000, -5000, -9000]]
    assert telling_columns(costs, runs_only=True) == [0, 3, 4]
    assert telling_columns(costs, runs_only=False) == [0, 3]
