"""Read the text of one module of a tenant and say what in it may not be.

`policy_modules` says what may be used together; the sizes are looked at there before.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

from runtime.domain.policy_agreement import disagreements
from runtime.domain.policy_builtins import (
    ALLOWED,
    KEYWORDS,
    NAMESPACES,
    PATTERNS,
    RESERVED,
    portable_pattern,
)
from runtime.domain.policy_unit import PolicyModule
from runtime.kit.rego_text import Reference, Token, TokenKind, package_of, references, tokens

DEEPEST: Final = 10
"""How many brackets may be open: the embedded engine's parser takes twice as long for each."""
PARTS: Final = frozenset({"principal", "project", "action", "inputs", "plan", "time"})
"""The members of `input`."""
ANSWERS: Final = frozenset({"deny", "obligations", "roles"})
"""The rules of a tenant that the shipped ones ask for."""

_TESTS: Final = "_test"
_ROOTS: Final = ("data", "input")
_BRACKETS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_CLOSING: Final = frozenset({")", "]", "}"})
_DECLARING: Final = frozenset({"as", "every", "some"})
_GOES_ON: Final = KEYWORDS - {"false", "null", "true"}
"""Words that a line may end with and the next one goes on."""

_UNSURE: Final = (
    "calls {} with a pattern that is computed or that engines read differently: "
    r"write [0-9] for \d"
)


class PolicyLevel(StrEnum):
    """Say whose rules modules are; an organization's come before a project's."""

    ORGANIZATION = "organization"
    PROJECT = "project"

    @property
    def package(self) -> tuple[str, ...]:
        """Return the package that its modules are in or below."""
        return ("tenant", self.value)

    @property
    def seen(self) -> tuple[tuple[str, ...], ...]:
        """Return the packages that its modules may refer to: a project sees its organization's."""
        ours = (("plangate",), PolicyLevel.ORGANIZATION.package)
        return ours if self is PolicyLevel.ORGANIZATION else (*ours, self.package)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleText:
    """Hold a module as it was read.

    Attributes:
        path: its file.
        pieces: all of it.
        package: the parts of its package.
        found: what it refers to, without its package.
    """

    path: str
    pieces: tuple[Token, ...]
    package: tuple[str, ...]
    found: tuple[Reference, ...]

    @property
    def is_test(self) -> bool:
        """Say whether it holds tests, which are not served."""
        return self.package[-1].endswith(_TESTS)


def read_module(module: PolicyModule) -> ModuleText:
    """Read a module.

    Raises:
        RegoTextError: it can't be read.
    """
    pieces = tuple(tokens(module.text))
    return ModuleText(
        path=module.path,
        pieces=pieces,
        package=package_of(pieces).path,
        found=tuple(references(pieces))[2:],
    )


def text_problems(
    module: ModuleText,
    *,
    level: PolicyLevel,
    functions: frozenset[tuple[tuple[str, ...], str]],
    uncertain: frozenset[str],
) -> Iterator[tuple[int, str]]:
    """Return what may not be in a module, each with its line.

    Args:
        module: what is looked at.
        level: whose it is.
        functions: the package and name of each function of the modules that it is used with.
        uncertain: names of rules in these modules that may have no value.
    """
    yield from _package_problems(module, level)
    yield from _shape_problems(module)
    yield from _escape_problems(module)
    yield from _import_problems(module)
    yield from _with_problems(module)
    yield from _definition_problems(module)
    if not module.is_test:
        starts = tuple(statement_starts(module.pieces))
        yield from disagreements(module.pieces, starts, uncertain=uncertain)
    aliases = frozenset(_aliases(module))
    for reference in module.found:
        match reference.path[0]:
            case "data":
                yield from _data_problems(reference, module=module, level=level)
            case "input":
                yield from _input_problems(reference)
            case first if reference.called and first not in aliases:
                yield from _call_problems(reference, module=module, functions=functions)
            case _:
                pass


def _package_problems(module: ModuleText, level: PolicyLevel) -> Iterator[tuple[int, str]]:
    package = level.package
    of_tests = (package[0], package[1] + _TESTS)
    if module.package[: len(package)] != package and module.package != of_tests:
        yield (
            module.pieces[0].line,
            f"package {'.'.join(module.package)}, expected {'.'.join(package)} or below",
        )
    elif len(module.package) > len(package) and module.package[len(package)] in ANSWERS:
        yield (
            module.pieces[0].line,
            f"package {'.'.join(module.package)} stands where a rule is asked for",
        )


def _shape_problems(module: ModuleText) -> Iterator[tuple[int, str]]:
    depth = 0
    for at, piece in enumerate(module.pieces):
        if piece.kind is not TokenKind.SIGN:
            continue
        depth += _BRACKETS.get(piece.text, 0)
        if depth > DEEPEST:
            yield piece.line, f"more than {DEEPEST} brackets inside each other"
            return
        if piece.text == "(" and _calls_the_computed(module.pieces[max(0, at - 3) : at]):
            yield piece.line, "calls something whose name is computed"


def _calls_the_computed(before: Sequence[Token]) -> bool:
    """Say whether what stands before `(` is a name that is not written out."""
    if before and before[-1].text == "]":
        return True
    return [piece.text for piece in before[-2:-1]] == ["."] and before[0].text in _CLOSING


def _escape_problems(module: ModuleText) -> Iterator[tuple[int, str]]:
    """Return members whose quoted names have an escape: the embedded engine never finds these."""
    for before, bracket, piece in zip(
        module.pieces, module.pieces[1:], module.pieces[2:], strict=False
    ):
        is_member = bracket.text == "[" and before.end == bracket.start
        if is_member and piece.kind is TokenKind.TEXT and "\\" in piece.text.partition("`")[0]:
            yield piece.line, f"names a member {piece.text}; write it without escapes"


def _import_problems(module: ModuleText) -> Iterator[tuple[int, str]]:
    for reference in module.found:
        if not reference.imported:
            continue
        if reference.path[0] not in _ROOTS and reference.path != ("rego", "v1"):
            yield reference.line, f"imports {reference.dotted}; expected rego.v1, data or input"
    for alias in _aliases(module):
        if alias in NAMESPACES or alias in RESERVED or alias in _ROOTS:
            yield 1, f"imports something as {alias}, which has a meaning already"


def _aliases(module: ModuleText) -> Iterator[str]:
    """Return the names that imports give."""
    for at, reference in enumerate(module.found):
        if not reference.imported or reference.path == ("rego", "v1"):
            continue
        following = [other.path for other in module.found[at + 1 : at + 3]]
        if following[:1] == [("as",)]:
            yield from (path[0] for path in following[1:])
        elif len(reference.path) > 1:
            yield reference.path[-1]


def _definition_problems(module: ModuleText) -> Iterator[tuple[int, str]]:
    for reference in defined_functions(module):
        name = reference.path[0]
        if name in RESERVED:
            yield reference.line, f"defines {name}, which is the engine's own"
        if name in ANSWERS:
            yield reference.line, f"defines {name} as a function, expected a set"
    for before, after in pairwise(module.pieces):
        declares = before.text in _DECLARING and after.text in _ROOTS
        assigns = before.text in _ROOTS and after.text == ":="
        if declares or (assigns and before.kind is TokenKind.WORD):
            yield before.line, "gives another meaning to data or input"


def defined_functions(module: ModuleText) -> Iterator[Reference]:
    """Return the names of functions where their rules begin."""
    heads = frozenset(statement_starts(module.pieces))
    for reference in module.found:
        if reference.called and len(reference.path) == 1 and reference.start in heads:
            yield reference


def statement_starts(pieces: Sequence[Token]) -> Iterator[int]:
    """Return the offsets at which a statement may begin: outside brackets, on a line of its own."""
    depth = 0
    for before, piece in pairwise(pieces):
        depth += _BRACKETS.get(before.text, 0) if before.kind is TokenKind.SIGN else 0
        ended = before.kind is not TokenKind.SIGN or before.text in _CLOSING
        new_line = before.line < piece.line and ended and before.text not in _GOES_ON
        if depth == 0 and (new_line or before.text == "default"):
            yield piece.start


def _with_problems(module: ModuleText) -> Iterator[tuple[int, str]]:
    """Return the uses of `with`: for tests alone, and not for functions or rules of ours."""
    for reference, target in pairwise(module.found):
        if reference.path != ("with",):
            continue
        if not module.is_test:
            yield reference.line, "uses with, which is for tests"
        elif target.path[0] != "input" and target.path[:2] != ("data", "tenant"):
            yield reference.line, f"replaces {target.dotted}, expected input or data.tenant"


def _data_problems(
    reference: Reference, *, module: ModuleText, level: PolicyLevel
) -> Iterator[tuple[int, str]]:
    path = reference.path[1:]
    seen = [*level.seen, module.package] if module.is_test else level.seen
    if not any(path[: len(package)] == package for package in seen):
        shown = f"{reference.dotted}[...]" if reference.computed else reference.dotted
        allowed = " or ".join(f"data.{'.'.join(package)}" for package in level.seen)
        yield reference.line, f"refers to {shown}, expected {allowed}"


def _input_problems(reference: Reference) -> Iterator[tuple[int, str]]:
    if len(reference.path) > 1 and reference.path[1] not in PARTS:
        yield reference.line, f"reads {reference.dotted}; input has {', '.join(sorted(PARTS))}"


def _call_problems(
    reference: Reference,
    *,
    module: ModuleText,
    functions: frozenset[tuple[tuple[str, ...], str]],
) -> Iterator[tuple[int, str]]:
    name = reference.dotted
    if name in PATTERNS and not _pattern_is_portable(reference, module.pieces):
        yield reference.line, _UNSURE.format(name)
    if name in ALLOWED or name in KEYWORDS:
        return
    if len(reference.path) == 1 and (module.package, name) in functions:
        return
    yield reference.line, f"calls {name}, which policies may not"


def _pattern_is_portable(reference: Reference, pieces: Sequence[Token]) -> bool:
    at = bisect_left(pieces, reference.end, key=lambda piece: piece.start)
    following = pieces[at : at + 3]
    return (
        [piece.kind for piece in following[1:2]] == [TokenKind.TEXT]
        and [piece.text for piece in following[2:]] == [","]
        and portable_pattern(following[1].text[1:-1])
    )
