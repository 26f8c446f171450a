"""Laws of groups: together if and only if not told apart, and none within another."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from harness.stats.grouping import groups

NAMES = "abcdefgh"
PAIRS = list(combinations(NAMES, 2))


@given(st.sets(st.sampled_from(PAIRS)))
def test_two_share_a_group_exactly_if_they_are_not_told_apart(
    differing: set[tuple[str, str]],
) -> None:
    """Neither a false ranking nor a lost difference."""
    found = groups(NAMES, lambda better, worse: (better, worse) in differing)
    for pair in PAIRS:
        together = any(set(pair) <= set(group) for group in found)
        assert together == (pair not in differing)


@given(st.sets(st.sampled_from(PAIRS)))
def test_groups_are_maximal_ordered_and_cover_everybody(differing: set[tuple[str, str]]) -> None:
    """No group lies within another; members and groups follow the order of the names."""
    found = groups(NAMES, lambda better, worse: (better, worse) in differing)
    assert {name for group in found for name in group} == set(NAMES)
    assert all(list(group) == sorted(group) for group in found)
    assert list(found) == sorted(found)
    for one, other in combinations(found, 2):
        assert not set(one) <= set(other)
        assert not set(other) <= set(one)
