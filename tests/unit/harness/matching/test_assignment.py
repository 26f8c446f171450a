"""The assignment is the cheapest one even where the first column that fits is the wrong one."""

from __future__ import annotations

import pytest

from harness.matching.assignment import cheapest_columns


@pytest.mark.parametrize(
    ("costs", "columns"),
    [
        pytest.param([], (), id="no rows"),
        pytest.param([[3, 1, 2]], (1,), id="one row takes the cheapest"),
        pytest.param([[1, 2, 9], [1, 9, 9]], (1, 0), id="the first row makes room"),
        pytest.param([[0, 0], [0, 0]], (0, 1), id="ties go by position"),
        pytest.param([[-5, 0, 0], [-5, -4, 0], [-5, -4, -1]], (0, 1, 2), id="a chain of moves"),
        pytest.param([[1, 0, 0], [0, 0, 1], [0, 1, 1]], (2, 1, 0), id="around a corner"),
    ],
)
def test_no_other_choice_costs_less(costs: list[list[int]], columns: tuple[int, ...]) -> None:
    """Each row has a column of its own at the least total."""
    chosen = cheapest_columns(costs)
    cost = sum(row[column] for row, column in zip(costs, chosen, strict=True))
    assert cost == sum(row[column] for row, column in zip(costs, columns, strict=True))
    assert len(set(chosen)) == len(costs)
