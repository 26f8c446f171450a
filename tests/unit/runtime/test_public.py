"""The one door says in one place what goes through it; a changed list is a decision."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

from runtime import public

NAMES: Final = Path(__file__).parent / "public_names.txt"


def in_isort_order(names: list[str]) -> list[str]:
    """Sort constants first, then classes, then functions."""
    return sorted(names, key=lambda name: (not name.isupper(), not name[0].isupper(), name))


def test_the_names_are_sorted_and_told_once() -> None:
    """A reader finds a name without searching."""
    assert list(public.__all__) == in_isort_order(public.__all__)
    assert len(public.__all__) == len(set(public.__all__))


def test_the_names_are_the_committed_ones() -> None:
    """Who adds or removes a name changes the committed list too."""
    committed = NAMES.read_text(encoding="utf-8").split()

    assert committed == list(public.__all__), (
        f"the public names changed; if that is meant, write them, one a line, to {NAMES.name}"
    )


def test_each_name_exists_and_nothing_else_is_imported() -> None:
    """Every import goes through the door, and every name behind it is there."""
    tree = ast.parse(Path(public.__file__).read_text(encoding="utf-8"))
    imported = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    }

    assert imported == set(public.__all__)
    assert all(hasattr(public, name) for name in public.__all__)
