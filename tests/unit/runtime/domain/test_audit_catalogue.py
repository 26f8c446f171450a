"""The catalogue of records has every kind that the code writes, and none that it does not."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from runtime.domain.audit_catalogue import RECORD_KINDS
from runtime.domain.event_catalogue import EVENT_TYPES

SOURCES: Final = Path(__file__).parents[4] / "runtime"
WRITING: Final = frozenset({"record", "audit"})
KIND: Final = re.compile(r"[a-z]+\.[a-z_]+")
WORDS_OF_EVENTS: Final = "wording.py"
OF_THE_DATABASE: Final = frozenset({"job.dead_lettered", "job.quarantined"})
"""A trigger writes them, whatever gives a job up."""
OF_A_VOTE: Final = frozenset({"approval.denied", "approval.withdrawn"})
"""Spelled from how an approval stands."""


def trees() -> Iterator[ast.Module]:
    """Yield the modules that write records."""
    for path in sorted((SOURCES / "services").rglob("*.py")):
        if path.name != WORDS_OF_EVENTS:
            yield ast.parse(path.read_text(encoding="utf-8"))


def written(tree: ast.Module) -> Iterator[str]:
    """Yield the kinds that a module writes by name."""
    named = dict(constants(tree))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        told = [item.value for item in node.keywords if item.arg == "kind"]
        if isinstance(node.func, ast.Attribute) and node.func.attr in WRITING:
            told += node.args[:1]
        for item in told:
            value = named.get(item.id, item) if isinstance(item, ast.Name) else item
            yield from texts(value)


def constants(tree: ast.Module) -> Iterator[tuple[str, ast.AST | None]]:
    """Yield the names that a module gives a value once, each with it."""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id, node.value
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node.value


def texts(node: ast.AST | None) -> Iterator[str]:
    """Yield the texts of an expression that are spelled as kinds are."""
    for part in () if node is None else ast.walk(node):
        text = part.value if isinstance(part, ast.Constant) else None
        if isinstance(text, str) and KIND.fullmatch(text):
            yield text


def test_every_kind_that_is_written_is_in_the_catalogue() -> None:
    """Whoever writes another one says there what it means."""
    found = {kind for tree in trees() for kind in written(tree)}

    assert len(found) > 50
    assert found - set(RECORD_KINDS) == set()


def test_every_kind_of_the_catalogue_is_written() -> None:
    """By its name, but for those that are spelled from how an approval stands."""
    spelled = {text for tree in trees() for text in texts(tree)}

    assert set(RECORD_KINDS) - spelled == OF_A_VOTE | OF_THE_DATABASE


def test_kinds_are_in_order_and_say_whether_they_are_events() -> None:
    """An event of the same name tells the same."""
    assert list(RECORD_KINDS) == sorted(RECORD_KINDS)
    for name, kind in RECORD_KINDS.items():
        assert kind.announced is (name in EVENT_TYPES)
        assert kind.tells.endswith(".")
        if kind.announced:
            assert kind.tells == EVENT_TYPES[name].tells
