"""The search for an order keeps a bounded number of sets."""

from __future__ import annotations

import pytest

from harness.matching.ordering import FEWEST_KEPT, WORK, cheapest_in_order


@pytest.mark.parametrize("length", [16, 200, 1000])
def test_search_for_an_order_keeps_a_bounded_number_of_sets(length: int) -> None:
    """Sixteen parallel steps have 65,536 sets; the search keeps what its work allows."""
    costs = [[-((row * 7 + column * 3) % 11 + 1) for column in range(length)] for row in range(16)]
    found = cheapest_in_order(costs, befores=[frozenset()] * 16, columns=range(length))
    width = max(FEWEST_KEPT, WORK // (length * 16))
    assert found.kept <= 1 + length * width
    assert len(found.chosen) == 16


def test_steps_in_a_row_need_one_set_each() -> None:
    """The search for an exact order never has more sets than steps, so it is exact."""
    befores = [frozenset(range(row)) for row in range(16)]
    found = cheapest_in_order([[-1] * 40] * 16, befores=befores, columns=range(40))
    assert found.kept <= 1 + 40 * 17
    assert found.chosen == tuple((row, found.chosen[row][1]) for row in range(16))
