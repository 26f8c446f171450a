"""Read the shipped rules, which lie beside this file."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from runtime.domain.policy_unit import PolicyModule

_FOLDER: Final = "plangate"
_TESTS: Final = "_test.rego"


@cache
def shipped_modules() -> tuple[PolicyModule, ...]:
    """Return the rules that every unit begins with, sorted by path."""
    return tuple(module for module in _modules() if not module.path.endswith(_TESTS))


@cache
def shipped_tests() -> tuple[PolicyModule, ...]:
    """Return the tests of these rules; they are never served."""
    return tuple(module for module in _modules() if module.path.endswith(_TESTS))


def _modules() -> tuple[PolicyModule, ...]:
    found = (
        PolicyModule(path=f"{_FOLDER}/{item.name}", text=item.read_text(encoding="utf-8"))
        for item in files("runtime.policies").iterdir()
        if item.name.endswith(".rego")
    )
    return tuple(sorted(found, key=lambda module: module.path))
