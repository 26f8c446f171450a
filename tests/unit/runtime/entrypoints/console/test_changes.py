"""A difference names each place, with what stood there and what will."""

from __future__ import annotations

from typing import Any

import pytest

from runtime.entrypoints.console.changes import MISSING, MOST, at_pointer, changes

BEFORE = {"counter": {"value": 3, "a/b": [1, 2]}}


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", BEFORE),
        ("/counter/value", 3),
        ("/counter/a~1b/1", 2),
        ("/counter/a~1b/2", MISSING),
        ("/counter/a~1b/-", MISSING),
        ("/counter/value/x", MISSING),
        ("/none", MISSING),
    ],
)
def test_a_pointer_leads_to_its_place(pointer: str, found: object) -> None:
    """Or nowhere, which is not a failure."""
    assert at_pointer(BEFORE, pointer) == found


@pytest.mark.parametrize(
    ("operation", "parts"),
    [
        pytest.param(
            {"op": "replace", "path": "/counter/value", "value": 7},
            ["/counter/value", "<del>3</del>", "<ins>7</ins>"],
            id="replaced",
        ),
        pytest.param(
            {"op": "add", "path": "/x", "value": "<b>"}, ["<ins>&#60;b&#62;</ins>"], id="added"
        ),
        pytest.param(
            {"op": "remove", "path": "/counter/value"}, ["<del>3</del>", "removed"], id="gone"
        ),
        pytest.param({"op": "move", "path": "/y", "from": "/x"}, ["move from /x"], id="moved"),
    ],
)
def test_each_operation_is_told(operation: dict[str, Any], parts: list[str]) -> None:
    """By its place and its values, as texts."""
    page = changes([operation], BEFORE)

    assert all(part in page for part in parts)


def test_without_the_state_before_only_what_is_new_is_shown() -> None:
    """Nothing is made up."""
    assert "<del>" not in changes([{"op": "replace", "path": "/counter/value", "value": 7}])


def test_no_difference_and_a_long_one_say_so() -> None:
    """A page stays short."""
    many = [{"op": "add", "path": f"/{number}", "value": 1} for number in range(MOST + 5)]

    assert "Changes nothing." in changes([])
    assert changes(many).count("<li>") == MOST + 1
    assert "and 5 more" in changes(many)
