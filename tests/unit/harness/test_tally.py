"""Prove that shares are exact, so that what was lost is lost to the last trial."""

from __future__ import annotations

from fractions import Fraction

from tests.unit.harness.test_compare import a_tally


def test_a_share_is_a_fraction() -> None:
    """A third of three trials is a third, whatever floats say."""
    assert a_tally(1, 3).share + a_tally(2, 3).share == 1
    assert a_tally(1, 3).share == Fraction(1, 3)
