"""Find what two engines of Rego answer differently, so that no rule means two things.

Measured, regorus 0.9 against OPA 1.22: where something behind `not` is missing, one says true and
the other nothing; and where something in the head of a rule is missing in one turn of a loop, one
loses the other turns as well. Both are refused; what is bound in the body first means the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Final

from runtime.domain.policy_builtins import ALLOWED, KEYWORDS
from runtime.kit.rego_text import Reference, Token, TokenKind, references

_CERTAIN: Final = frozenset(
    f"input.{name}"
    for name in (
        "inputs",
        *(f"principal.{part}" for part in ("id", "organization", "roles", "grant", "claims")),
        *(f"project.{part}" for part in ("id", "environment")),
        *(f"plan.{part}" for part in ("index", "actions")),
        *(f"time.{part}" for part in ("date", "weekday", "hour", "minute")),
        *(
            f"action.{part}"
            for part in ("id", "name", "version", "targets", "may_change", "cost", "side_effects")
        ),
        *(
            f"action.permission.{part}"
            for part in ("risk", "confirmation", "approvals", "roles", "visibility", "urgent")
        ),
    )
)
"""Members of the input that are always there."""
_BEHIND_NOT: Final = (
    "{0} may be missing behind not, where engines differ; bind it first, as in v := {0}"
)
_IN_A_HEAD: Final = (
    "{0} stands in the head of a rule, where engines differ if it is missing; bind it in the "
    "body, as in v := {0}"
)
_LOOPING: Final = frozenset({"some", "walk"})
_OPENING: Final = frozenset({"(", "[", "{"})
_CLOSING: Final = frozenset({")", "]", "}"})
_ENDS: Final = frozenset({";", ",", "|"})
_PLAIN: Final = frozenset({TokenKind.WORD, TokenKind.TEXT, TokenKind.NUMBER})


def disagreements(
    pieces: Sequence[Token], starts: Iterable[int], *, uncertain: frozenset[str]
) -> Iterator[tuple[int, str]]:
    """Return what engines would answer differently, each with its line.

    Args:
        pieces: a module.
        starts: the offsets at which its statements begin.
        uncertain: names of rules that may have no value.
    """
    yield from _behind_not(pieces, uncertain)
    yield from _in_heads(pieces, frozenset(starts))


def rules_without_value(pieces: Sequence[Token], starts: Iterable[int]) -> frozenset[str]:
    """Return the names of rules that may have no value.

    Sets, constants, and what has a default always have one.
    """
    found: set[str] = set()
    certain: set[str] = set()
    before = ""
    for statement in _statements(pieces, frozenset(starts)):
        name, following = statement[0].text, [piece.text for piece in statement[1:2]]
        if before == "default":  # its rule counts as a statement of its own
            certain.add(name)
        elif following not in (["contains"], ["("]) and not _is_constant(statement):
            found.add(name)
        before = name
    return frozenset(found - certain)


def _statements(pieces: Sequence[Token], starts: frozenset[int]) -> Iterator[Sequence[Token]]:
    begins = [at for at, piece in enumerate(pieces) if piece.start in starts]
    for at, end in pairwise([*begins, len(pieces)]):
        yield pieces[at:end]


def _is_constant(statement: Sequence[Token]) -> bool:
    """Say whether a rule is a name for something that is written out."""
    assigned = [piece.text for piece in statement[1:2]] in ([":="], ["="])
    return assigned and all(
        reference.path[0] in KEYWORDS for reference in references(statement[1:])
    )


def _behind_not(pieces: Sequence[Token], uncertain: frozenset[str]) -> Iterator[tuple[int, str]]:
    for at, piece in enumerate(pieces):
        if piece.kind is not TokenKind.WORD or piece.text != "not":
            continue
        negated = pieces[at + 1 : _end_of_expression(pieces, at + 1)]
        if _is_plain_reference(negated):
            continue
        for reference in references(negated):
            if _may_be_missing(reference, uncertain):
                yield reference.line, _BEHIND_NOT.format(_shown(reference))


def _in_heads(pieces: Sequence[Token], starts: frozenset[int]) -> Iterator[tuple[int, str]]:
    for statement in _statements(pieces, starts):
        body = _body_at(statement)
        function = [piece.text for piece in statement[1:2]] == ["("]
        if body is None or function or not _loops(statement[body:]):
            continue  # a function has no loop of its own
        for reference in list(references(statement[:body]))[1:]:
            own = reference.called and reference.dotted not in ALLOWED
            if own or _may_be_missing(reference, frozenset()):
                yield reference.line, _IN_A_HEAD.format(_shown(reference))


def _body_at(statement: Sequence[Token]) -> int | None:
    """Return where the `if` of a rule stands; None for what is no rule with a body."""
    depth = 0
    for at, piece in enumerate(statement):
        depth += _step(piece)
        if depth == 0 and piece.kind is TokenKind.WORD and piece.text == "if":
            return at
    return None


def _loops(body: Sequence[Token]) -> bool:
    """Say whether a body may be true in more than one way."""
    if any(piece.kind is TokenKind.WORD and piece.text in _LOOPING for piece in body):
        return True
    return any(reference.computed for reference in references(body))


def _may_be_missing(reference: Reference, uncertain: frozenset[str]) -> bool:
    first = reference.path[0]
    if reference.called or (len(reference.path) == 1 and first in KEYWORDS):
        return False
    if reference.computed:
        return True
    if len(reference.path) == 1:
        return first in uncertain
    return reference.dotted not in _CERTAIN


def _is_plain_reference(pieces: Sequence[Token]) -> bool:
    """Say whether this is one name, with members that are written out or bound variables."""
    if not pieces or pieces[0].kind is not TokenKind.WORD or pieces[0].text in KEYWORDS:
        return False
    at = 1
    while at < len(pieces):
        text = pieces[at].text
        if text == "." and at + 1 < len(pieces) and pieces[at + 1].kind is TokenKind.WORD:
            at += 2
        elif text == "[" and _is_bound_member(pieces[at : at + 3]):
            at += 3
        else:
            return False
    return True


def _is_bound_member(pieces: Sequence[Token]) -> bool:
    return (
        len(pieces) == len("[x]")
        and pieces[1].kind in _PLAIN
        and pieces[1].text not in {"input", "data"}
        and pieces[2].text == "]"
    )


def _end_of_expression(pieces: Sequence[Token], start: int) -> int:
    """Return where the expression that starts here ends: with its line, or its bracket."""
    depth = 0
    for at in range(start, len(pieces)):
        piece = pieces[at]
        new_line = at > start and piece.line > pieces[at - 1].line
        if depth == 0 and (
            piece.text in _CLOSING
            or (piece.kind is TokenKind.SIGN and piece.text in _ENDS)
            or (piece.kind is TokenKind.WORD and piece.text == "with")
            or (new_line and not _goes_on(pieces[at - 1], piece))
        ):
            return at
        depth += _step(piece)
    return len(pieces)


def _goes_on(before: Token, piece: Token) -> bool:
    """Say whether a line ends or the next one begins in the middle of an expression."""
    operator = TokenKind.SIGN
    return (before.kind is operator and before.text not in _CLOSING) or (
        piece.kind is operator and piece.text not in _OPENING
    )


def _step(piece: Token) -> int:
    if piece.kind is not TokenKind.SIGN:
        return 0
    return (piece.text in _OPENING) - (piece.text in _CLOSING)


def _shown(reference: Reference) -> str:
    if reference.called:
        return f"{reference.dotted}(...)"
    return f"{reference.dotted}[...]" if reference.computed else reference.dotted
