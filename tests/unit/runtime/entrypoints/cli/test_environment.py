"""Commands read variables as people set them, and tell the app of `plangate dev` its own."""

from __future__ import annotations

from runtime.entrypoints.cli.environment import tell, told


def test_a_blank_variable_is_an_unset_one() -> None:
    """And blanks around a value are not of it."""
    assert told({"A": " a\n", "B": " ", "C": ""}) == {"A": "a"}


def test_what_is_told_is_read() -> None:
    """It replaces what was there."""
    environ = {"A": "old", "B": "b"}

    tell({"A": "new"}, environ)

    assert told(environ) == {"A": "new", "B": "b"}
