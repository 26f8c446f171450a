"""Names that can't be told apart share a group."""

from __future__ import annotations

import pytest

from harness.stats.grouping import groups


@pytest.mark.parametrize(
    ("names", "differing", "expected"),
    [
        pytest.param("", [], [], id="nobody"),
        pytest.param("a", [], ["a"], id="one alone"),
        pytest.param("abc", [], ["abc"], id="all alike"),
        pytest.param("ab", ["ab"], ["a", "b"], id="two apart"),
        pytest.param("abc", ["ac"], ["ab", "bc"], id="the middle one stands in both"),
        pytest.param("abc", ["ab", "ac", "bc"], ["a", "b", "c"], id="all apart"),
        pytest.param("abcd", ["ad"], ["abc", "bcd"], id="only the ends differ"),
        pytest.param("abcd", ["ab", "cd"], ["ac", "ad", "bc", "bd"], id="four in a circle"),
        pytest.param("cab", ["cb"], ["ca", "ab"], id="the order is the caller's"),
    ],
)
def test_groups_are_the_largest_without_a_difference(
    names: str, differing: list[str], expected: list[str]
) -> None:
    """Worked out by hand."""
    found = groups(names, lambda better, worse: better + worse in differing)
    assert ["".join(group) for group in found] == expected


def test_a_pair_is_asked_once_with_the_better_one_first() -> None:
    """A p-value is worth computing once."""
    asked: list[str] = []

    def apart(better: str, worse: str) -> bool:
        asked.append(better + worse)
        return False

    groups("abc", apart)
    assert asked == ["ab", "ac", "bc"]


def test_a_name_twice_is_refused() -> None:
    """It can't be apart from itself."""
    with pytest.raises(ValueError, match="a, b stands twice"):
        groups(["b", "a", "c", "a", "b"], lambda _one, _other: False)
