"""Prove that an unknown price is no price of zero."""

from __future__ import annotations

import pytest

from harness.scoring.cost import score
from tests.worlds import SET_THREE, evidence, prepared


@pytest.mark.parametrize(
    ("micros", "value", "reason"),
    [
        pytest.param(12, 12.0, "", id="known"),
        pytest.param(0, 0.0, "", id="free"),
        pytest.param(None, None, "the price is unknown", id="unknown"),
    ],
)
def test_the_cost_is_told_and_decides_nothing(
    micros: int | None, value: float | None, reason: str
) -> None:
    """In millionths of a US dollar."""
    found = score(evidence(prepared(), SET_THREE, cost_micros=micros))

    assert (found.value, found.passed, found.reason) == (value, None, reason)
