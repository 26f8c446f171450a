"""The bounds that `plangate token` states are those of the platform."""

from __future__ import annotations

from runtime.domain.issued_token import LONGEST_LIFE, LONGEST_OVERLAP
from runtime.entrypoints.cli import token


def test_the_bounds_are_the_platforms() -> None:
    """What the command lets through, the platform does not refuse for its length."""
    assert LONGEST_LIFE.days == token.MOST_DAYS
    assert LONGEST_OVERLAP.total_seconds() == token.MOST_OVERLAP_S
