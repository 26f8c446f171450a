"""Objects and lists report every difference inside them."""

from __future__ import annotations

from harness.matching.matcher import (
    mismatch,
)


def test_every_mismatch_is_reported_in_the_order_of_the_values() -> None:
    """Expected fields first, then those that nobody asked for."""
    found = mismatch({"a": 1, "b": 2}, {"z": 0, "a": 3, "y": 0})
    assert [item.pointer for item in found] == ["/a", "/b", "/z", "/y"]


def test_items_without_a_partner_are_reported_by_place_of_the_actual_item() -> None:
    """As many as an assignment can match are matched first."""
    found = mismatch({"$unordered": [{"$between": [1, 5]}, 1, 9]}, [7, 1, 4])
    assert [item.pointer for item in found] == ["/0"]


def test_matchers_inside_an_unordered_item_point_inside_it() -> None:
    """The path goes on below the item."""
    found = mismatch({"$unordered": [{"a": 1}, {"a": 2}]}, [{"a": 2}, {"a": 3}])
    assert [item.pointer for item in found] == ["/1/a"]
