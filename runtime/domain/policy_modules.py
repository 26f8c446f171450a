"""Say which modules of an organization or a project may be used, by their text alone.

They are refused unless everything in them is known to be harmless: names below their own package
and ours, functions that compute and nothing else. Two engines evaluate them, so a function that
only one of them has, or that they answer differently, is not on the list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Final

from runtime.domain.policy_agreement import rules_without_value
from runtime.domain.policy_text import (
    PARTS,
    ModuleText,
    PolicyLevel,
    defined_functions,
    read_module,
    statement_starts,
    text_problems,
)
from runtime.domain.policy_unit import PolicyModule
from runtime.kit.rego_text import RegoTextError

__all__ = [
    "PARTS",
    "PolicyLevel",
    "module_problems",
    "reads_of",
]

MOST_MODULES: Final = 32
MODULE_BYTES: Final = 64 * 1024
ALL_BYTES: Final = 256 * 1024
MOST_PROBLEMS: Final = 50
"""How many are told at a time."""


def module_problems(modules: Sequence[PolicyModule], *, level: PolicyLevel) -> tuple[str, ...]:
    r"""Return why modules can't be used together, each with its path and line; nothing if they can.

    >>> module_problems(
    ...     [PolicyModule(path="a.rego", text="package tenant.project\nx := http.send({})")],
    ...     level=PolicyLevel.PROJECT,
    ... )
    ('a.rego:2: calls http.send, which policies may not',)
    """
    problems = [*_size_problems(modules)]
    if problems:
        return tuple(problems)
    read: list[ModuleText] = []
    for module in modules:
        try:
            read.append(read_module(module))
        except RegoTextError as error:
            problems.append(f"{module.path}:{error.line}: {error.problem}")
    functions = frozenset(
        (module.package, reference.path[0])
        for module in read
        for reference in defined_functions(module)
    )
    uncertain = frozenset(
        name
        for module in read
        for name in rules_without_value(module.pieces, statement_starts(module.pieces))
    )
    found = (
        f"{text.path}:{line}: {problem}"
        for text in read
        for line, problem in text_problems(
            text, level=level, functions=functions, uncertain=uncertain
        )
    )
    return tuple(islice(chain(problems, found), MOST_PROBLEMS))


def reads_of(modules: Sequence[PolicyModule]) -> frozenset[str]:
    r"""Return which members of `input` modules may read; all, if that can't be told.

    >>> sorted(reads_of([PolicyModule(path="a", text="package a\nx := input.time.hour")]))
    ['time']
    """
    parts: set[str] = set()
    for module in modules:
        try:
            found = read_module(module).found
        except RegoTextError:
            return PARTS
        for reference in found:
            if reference.path[0] == "input":
                parts |= PARTS if len(reference.path) == 1 else {reference.path[1]}
            elif reference.path[0] == "data" and len(reference.path) == 1:
                return PARTS
    return frozenset(parts & PARTS)


def _size_problems(modules: Sequence[PolicyModule]) -> Iterator[str]:
    if len(modules) > MOST_MODULES:
        yield f"{len(modules)} modules, expected at most {MOST_MODULES}"
    paths = [module.path for module in modules]
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        yield f"{path}: two modules have this path"
    total = 0
    for module in modules:
        try:
            size = len(module.text.encode())
        except UnicodeEncodeError:
            yield f"{module.path}: not UTF-8"
            continue
        total += size
        if size > MODULE_BYTES:
            yield f"{module.path}: {size} bytes, expected at most {MODULE_BYTES}"
    if total > ALL_BYTES:
        yield f"{total} bytes together, expected at most {ALL_BYTES}"
