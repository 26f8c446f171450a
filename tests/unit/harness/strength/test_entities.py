"""Prove what counts as a collection of entities."""

from __future__ import annotations

import pytest

from harness.strength.entities import collections_of, siblings
from runtime.public import JsonObject

TICKETS: JsonObject = {"tickets": {"t_1": {"open": True}, "t_2": {"open": False}}}


@pytest.mark.parametrize(
    ("components", "names"),
    [
        pytest.param(TICKETS, ["tickets"], id="objects alike"),
        pytest.param({"desk": TICKETS}, ["tickets"], id="deeper in"),
        pytest.param({"one": {"a": {"x": 1}}}, [], id="a single member"),
        pytest.param({"mixed": {"a": {"x": 1}, "b": 2}}, [], id="not all are objects"),
        pytest.param({"parts": {"a": {"x": 1}, "b": {"y": 1}}}, [], id="nothing in common"),
    ],
)
def test_a_collection_holds_objects_alike(components: JsonObject, names: list[str]) -> None:
    """Parts of a record are no entities to confuse with each other."""
    assert [item.name for item in collections_of(components)] == names


def test_siblings_are_the_others_of_the_collection() -> None:
    """An id is never a sibling of its own, and what is no id has none."""
    collections = collections_of(TICKETS)

    assert siblings("t_1", collections) == ("t_2",)
    assert siblings("t_9", collections) == siblings(7, collections) == ()
