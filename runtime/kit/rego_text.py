"""Look at the text of Rego modules: what package they are, what they refer to, what they call.

Only words are read, nothing is evaluated. Whatever could hide a reference from such a reader
(a computed member of `data`, a text with expressions in it) is told as such, so that callers can
refuse it. Source: Rego's lexical structure, https://www.openpolicyagent.org/docs/policy-reference
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_SPELLINGS: Final = re.compile(
    r"""
    (?P<gap>\s+|\#[^\n]*)
    |(?P<template>\$["`])
    |(?P<text>"(?:[^"\\\n]|\\.)*"|`[^`]*`)
    |(?P<number>\d[\w.]*(?:[eE][+-]\d+)?)
    |(?P<word>[A-Za-z_]\w*)
    |(?P<sign>:=|==|!=|<=|>=|[^\s\w])
    """,
    re.VERBOSE | re.ASCII,
)
_QUOTED_NAME: Final = re.compile(r'"([A-Za-z_]\w*)"', re.ASCII)


class RegoTextError(ValueError):
    """A text that can't be read as a module; the message says where and why."""

    def __init__(self, *, line: int, problem: str) -> None:
        self.line = line
        self.problem = problem
        super().__init__(f"line {line}: {problem}")


class TokenKind(StrEnum):
    """Tell words from texts, numbers and signs."""

    WORD = "word"
    TEXT = "text"
    NUMBER = "number"
    SIGN = "sign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """Name a piece of a module's text; `start` and `end` are offsets in it, `line` is from 1."""

    kind: TokenKind
    text: str
    start: int
    end: int
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Name something that a module refers to: `data.tenant.limits` is ("data", "tenant", "limits").

    Attributes:
        path: the words that are written out.
        computed: a member follows that is not written out, as in `data.tenant[name]`.
        called: arguments follow.
        imported: it stands in an import.
        line: where, from 1.
        start: the offset of its first word.
        end: the offset behind its last word.
    """

    path: tuple[str, ...]
    computed: bool
    called: bool
    imported: bool
    line: int
    start: int
    end: int

    @property
    def dotted(self) -> str:
        """Return it as one writes it."""
        return ".".join(self.path)


def tokens(module: str) -> Iterator[Token]:
    """Read the pieces of a module.

    Raises:
        RegoTextError: a text that does not end, a template, or a sign that Rego does not have.
    """
    at, line = 0, 1
    while at < len(module):
        found = _SPELLINGS.match(module, at)
        kind = None if found is None else found.lastgroup
        if found is None or (kind == "sign" and found.group() in {'"', "`", "\\", "\0"}):
            raise RegoTextError(line=line, problem=f"{module[at]!r} begins nothing that is ended")
        if kind == "template":
            raise RegoTextError(line=line, problem="a template text; use sprintf")
        if kind != "gap" and kind is not None:
            yield Token(
                kind=TokenKind(kind), text=found.group(), start=at, end=found.end(), line=line
            )
        line += found.group().count("\n")
        at = found.end()


def package_of(pieces: Sequence[Token]) -> Reference:
    """Return the package that a module declares first of all, without the word `data`.

    Raises:
        RegoTextError: it declares none.

    >>> package_of(list(tokens("package tenant.organization"))).path
    ('tenant', 'organization')
    """
    if not pieces or pieces[0].text != "package":
        raise RegoTextError(line=1, problem="a module begins with its package")
    found = next(references(pieces[1:]), None)
    if found is None or found.start != pieces[1].start or found.computed:
        raise RegoTextError(line=pieces[0].line, problem="its package is not a plain dotted name")
    return found


def holds_tests(module: str) -> bool:
    """Say whether a module's package ends in `_test`, so that it is never asked to decide.

    Raises:
        RegoTextError: as `tokens` and `package_of` do.

    >>> holds_tests("package tenant.organization_test")
    True
    """
    return package_of(list(tokens(module))).path[-1].endswith("_test")


def references(pieces: Sequence[Token]) -> Iterator[Reference]:
    """Return everything that is referred to by name, in order; a name may be a rule's own.

    >>> [item.dotted for item in references(list(tokens("x := data.a.b + count(input.c)")))]
    ['x', 'data.a.b', 'count', 'input.c']
    """
    at = 0
    while at < len(pieces):
        if pieces[at].kind is not TokenKind.WORD or _is_member(pieces, at):
            at += 1
            continue
        first, path = at, [pieces[at].text]
        at += 1
        while (member := _member(pieces, at)) is not None:
            name, width = member
            path.append(name)
            at += width
        following = pieces[at].text if at < len(pieces) else ""
        yield Reference(
            path=tuple(path),
            computed=following == "[",
            called=following == "(",
            imported=first > 0 and pieces[first - 1].text == "import",
            line=pieces[first].line,
            start=pieces[first].start,
            end=pieces[at - 1].end,
        )


def _is_member(pieces: Sequence[Token], at: int) -> bool:
    """Say whether a word is a member of something computed, as the last one of `a[b].c`."""
    return at > 1 and pieces[at - 1].text == "." and pieces[at - 1].start == pieces[at - 2].end


def _member(pieces: Sequence[Token], at: int) -> tuple[str, int] | None:
    """Return the member that is written out here, and how many pieces spell it."""
    if at + 1 < len(pieces) and pieces[at].text == "." and pieces[at + 1].kind is TokenKind.WORD:
        return pieces[at + 1].text, 2
    if at + 2 < len(pieces) and pieces[at].text == "[" and pieces[at + 2].text == "]":
        quoted = _QUOTED_NAME.fullmatch(pieces[at + 1].text)
        if quoted is not None and pieces[at].start == pieces[at - 1].end:
            return quoted.group(1), 3
    return None
