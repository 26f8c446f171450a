"""Pairs name the closest pattern, and repeated steps cost nothing."""

from __future__ import annotations

from harness.matching.alignment import align
from harness.matching.pairing import telling_columns
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


def test_first_of_equally_close_alternatives_is_reported() -> None:
    """The golden alternative explains best."""
    step = {"any_of": [expected("a.b", x=1), expected("a.b", x=2)]}
    (pair,) = align(a_plan(step), [a_step("a.b", x=3)]).pairs
    assert pair.alternative == 0


def test_of_equal_steps_the_one_nearest_to_the_listed_place_is_paired() -> None:
    """Not simply the first one."""
    steps = [expected("a.b"), expected("a.c"), expected("a.d")]
    actual = [a_step("a.d"), a_step("a.b"), a_step("a.c"), a_step("a.d")]
    found = align(a_plan(*steps, mode="superset"), actual)
    assert [(pair.expected, pair.actual) for pair in found.pairs] == [(0, 1), (1, 2), (2, 3)]
    assert found.extra == (0,)
