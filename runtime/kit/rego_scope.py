"""Move Rego modules below a prefix, so that one server holds those of many tenants apart.

Only the words of references change place; every other character of a module stays as it is. What
could reach beside the prefix (`data` alone, a computed member of it, a foreign package) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Final

from runtime.kit.rego_text import Reference, RegoTextError, package_of, references, tokens

PACKAGES: Final = ("plangate", "tenant")
"""The first words of the packages that are moved, and the only ones that may be referred to."""

_NAME: Final = re.compile(r"[A-Za-z_]\w*", re.ASCII)
_ROOT: Final = "data"
_RESERVED: Final = frozenset(
    {"as", "contains", "data", "default", "else", "every", "false", "if", "import", "in", "input"}
    | {"not", "null", "package", "some", "true", "with"}
)
_READ: Final = 512
"""How many modules are remembered as read: an organization's stand in the scopes of hundreds of
projects, and reading one takes a hundred times as long as moving it."""


def scoped(module_text: str, *, scope: Sequence[str], packages: Sequence[str] = PACKAGES) -> str:
    r"""Return a module as it stands below `data.<scope>`; what its imports are called stays.

    Raises:
        ValueError: If a word of the scope is not a plain name.
        RegoTextError: If it can't be read, its package is not one of `packages`, or it refers to
            data that is not written out or not of one of `packages`.

    >>> print(scoped("package tenant.x\n\nimport data.plangate\n", scope=("scopes", "a")))
    package scopes.a.tenant.x
    <BLANKLINE>
    import data.scopes.a.plangate
    <BLANKLINE>
    """
    prefix = ".".join(_plain_name(word) for word in scope)
    if not prefix:
        raise ValueError("the scope is empty, expected at least one name")
    return prefix.join(_between(module_text, tuple(packages)))


def may_name(word: str) -> bool:
    """Say whether a word can be one of a scope.

    >>> may_name("prj_01KDVDNA000000000000000000"), may_name("a-b"), may_name("input")
    (True, False, False)
    """
    return _NAME.fullmatch(word) is not None and word not in _RESERVED


def _plain_name(word: str) -> str:
    if not may_name(word):
        raise ValueError(f"a word of the scope is {word[:80]!r}, expected letters, digits and '_'")
    return word


@lru_cache(maxsize=_READ)
def _between(module: str, packages: tuple[str, ...]) -> tuple[str, ...]:
    """Return what stands before, between and after the places of the prefix, with its dots."""
    pieces, at, lead = [], 0, ""
    for offset, is_below in _places(module, packages):
        pieces.append(lead + module[at:offset] + ("." if is_below else ""))
        at, lead = offset, ("" if is_below else ".")
    return (*pieces, lead + module[at:])


def _places(module: str, packages: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """Return where the prefix is put, in order of offsets, and whether it is below a word."""
    pieces = list(tokens(module))
    package = package_of(pieces)
    _check(package, package.path[0], packages)
    yield package.start, False
    for reference in references(pieces):
        if reference.path[0] == _ROOT:
            _check(reference, reference.path[1] if len(reference.path) > 1 else None, packages)
            yield reference.start + len(_ROOT), True


def _check(reference: Reference, word: str | None, packages: Sequence[str]) -> None:
    if word not in packages:
        allowed = " or ".join(packages)
        problem = f"{reference.dotted!r} is not below {allowed}, written out"
        raise RegoTextError(line=reference.line, problem=problem)
