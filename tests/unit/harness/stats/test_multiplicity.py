"""Adjusted p-values equal hand-made figures, keep their order, and never exceed 1."""

from __future__ import annotations

import math

import pytest

from harness.stats.multiplicity import holm


@pytest.mark.parametrize(
    ("raw", "adjusted"),
    [
        pytest.param({}, {}, id="no question"),
        pytest.param({"a": 0.04}, {"a": 0.04}, id="one question needs no correction"),
        pytest.param({"a": 0.01, "b": 0.04}, {"a": 0.02, "b": 0.04}, id="two questions"),
        pytest.param(
            {"a": 0.5, "b": 0.01, "c": 0.03, "d": 0.005},
            {"a": 0.5, "b": 0.03, "c": 0.06, "d": 0.02},
            id="the smallest times four, the next times three",
        ),
        pytest.param(
            {"a": 0.02, "b": 0.021, "c": 0.022},
            {"a": 0.06, "b": 0.06, "c": 0.06},
            id="a larger raw value never gets a smaller adjusted one",
        ),
        pytest.param({"a": 0.6, "b": 0.7}, {"a": 1.0, "b": 1.0}, id="at most one"),
        pytest.param({"a": 0.03, "b": 0.03}, {"a": 0.06, "b": 0.06}, id="ties"),
    ],
)
def test_each_p_value_counts_the_questions_that_are_left(
    raw: dict[str, float], adjusted: dict[str, float]
) -> None:
    """Holm steps down from the smallest."""
    assert holm(raw) == pytest.approx(adjusted)


def test_names_keep_their_order() -> None:
    """A report lists suites as they were asked."""
    assert list(holm({"z": 0.9, "a": 0.1, "m": 0.5})) == ["z", "a", "m"]


@pytest.mark.parametrize("p_value", [-0.1, 1.1, math.nan])
def test_a_number_that_is_no_chance_is_refused(p_value: float) -> None:
    """NaN would sort anywhere."""
    with pytest.raises(ValueError, match="the p-value of 'suite' is"):
        holm({"other": 0.5, "suite": p_value})
