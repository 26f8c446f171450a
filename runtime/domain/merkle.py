"""Build and prove Merkle trees over leaf hashes (Source: RFC 6962 §2.1, RFC 9162 §2.1).

A tree is described by its frontier, so that growing it needs nothing that is older. Proofs are made
from the hashes of complete subtrees: first ask which ones are needed, then hand them in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Final, TypeAlias

EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of the tree without leaves."""

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"

_Span: TypeAlias = tuple[int, int]  # leaves from the first number up to, not with, the second


def leaf_hash(data: bytes) -> bytes:
    """Return the hash of a leaf that holds these bytes."""
    return sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of the node above two others."""
    return sha256(_NODE + left + right).digest()


@dataclass(frozen=True, slots=True)
class Frontier:
    """Hold what is needed of a tree to let it grow and to know its root.

    Attributes:
        size: how many leaves the tree has.
        hashes: roots of its complete subtrees, the largest first; one for each 1 in `size`.

    Raises:
        ValueError: there are more or fewer hashes than that.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        """Refuse hashes that can't be those of a tree of that size."""
        if self.size < 0 or self.size.bit_count() != len(self.hashes):
            raise ValueError(
                f"a tree of {self.size} leaves can't have {len(self.hashes)} complete subtrees"
            )

    def with_leaf(self, leaf: bytes) -> Frontier:
        """Return the frontier after one more leaf hash."""
        return self.with_leaves((leaf,))

    def with_leaves(self, leaves: Iterable[bytes]) -> Frontier:
        """Return the frontier after more leaf hashes, in order."""
        size, hashes = self.size, list(self.hashes)
        for leaf in leaves:
            top, complete = leaf, size
            while complete & 1:
                top = sha256(_NODE + hashes.pop() + top).digest()
                complete >>= 1
            hashes.append(top)
            size += 1
        return Frontier(size, tuple(hashes))

    def root(self) -> bytes:
        """Return the root of the tree."""
        return _joined(self.hashes) if self.hashes else EMPTY_ROOT


@dataclass(frozen=True, slots=True)
class Subtree:
    """Name a complete subtree: 2**level leaves, from number index * 2**level on."""

    level: int
    index: int


def inclusion_needs(index: int, size: int) -> tuple[Subtree, ...]:
    """Return the subtrees whose hashes prove that a leaf is in a tree.

    Raises:
        ValueError: a tree of that size has no such leaf.
    """
    return tuple(part for span in _inclusion_spans(index, size) for part in _parts(span))


def inclusion_proof(index: int, size: int, hashes: Mapping[Subtree, bytes]) -> tuple[bytes, ...]:
    """Return the proof that a leaf is in a tree, from the hashes that `inclusion_needs` names.

    Raises:
        ValueError: a tree of that size has no such leaf.
        KeyError: a hash is missing.
    """
    return tuple(_hash_of(span, hashes) for span in _inclusion_spans(index, size))


def consistency_needs(first: int, second: int) -> tuple[Subtree, ...]:
    """Return the subtrees whose hashes prove that one tree begins with another.

    Raises:
        ValueError: the first tree is larger than the second.
    """
    return tuple(part for span in _consistency_spans(first, second) for part in _parts(span))


def consistency_proof(
    first: int, second: int, hashes: Mapping[Subtree, bytes]
) -> tuple[bytes, ...]:
    """Return the proof that one tree begins with another, from what `consistency_needs` names.

    Raises:
        ValueError: the first tree is larger than the second.
        KeyError: a hash is missing.
    """
    return tuple(_hash_of(span, hashes) for span in _consistency_spans(first, second))


def frontier_needs(size: int) -> tuple[Subtree, ...]:
    """Return the subtrees whose hashes are the frontier of a tree of that size."""
    return tuple(_parts((0, size)))


def verify_inclusion(
    leaf: bytes, *, index: int, size: int, proof: Iterable[bytes], root: bytes
) -> bool:
    """Return whether a proof shows a leaf hash at its place below a root."""
    if not 0 <= index < size:
        return False
    place, last, top = index, size - 1, leaf
    for item in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            top = node_hash(item, top)
            zeros = _zeros_below(place)
            place, last = place >> zeros, last >> zeros
        else:
            top = node_hash(top, item)
        place, last = place >> 1, last >> 1
    return last == 0 and compare_digest(top, root)


def verify_consistency(
    first: int, second: int, *, first_root: bytes, second_root: bytes, proof: Iterable[bytes]
) -> bool:
    """Return whether a proof shows that the second tree begins with the first.

    The empty tree begins every tree, and each tree itself, without any proof.
    """
    steps = list(proof)
    if first in {0, second}:
        expected = second_root if first == second else EMPTY_ROOT
        return not steps and 0 <= first <= second and compare_digest(first_root, expected)
    if not 0 < first < second:
        return False
    if first.bit_count() == 1:
        steps.insert(0, first_root)
    return bool(steps) and _tops(first, second, steps) == (first_root, second_root)


def _tops(first: int, second: int, steps: list[bytes]) -> tuple[bytes, bytes] | None:
    """Return both roots as the steps of a proof make them; None where their number is wrong."""
    place, last = first - 1, second - 1
    ones = _zeros_below(place + 1)
    place, last = place >> ones, last >> ones
    before = after = steps[0]
    for item in steps[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            before, after = node_hash(item, before), node_hash(item, after)
            zeros = _zeros_below(place)
            place, last = place >> zeros, last >> zeros
        else:
            after = node_hash(after, item)
        place, last = place >> 1, last >> 1
    return (before, after) if last == 0 else None


def _zeros_below(number: int) -> int:
    """Return how many zeros stand below the lowest 1 of a number; none for 0."""
    return (number & -number).bit_length() - 1 if number else 0


def _inclusion_spans(index: int, size: int) -> list[_Span]:
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    spans, start, end = [], 0, size
    while end - start > 1:
        middle = _middle(start, end)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def _consistency_spans(first: int, second: int) -> list[_Span]:
    if not 0 <= first <= second:
        raise ValueError(f"a tree of {second} leaves does not begin with one of {first}")
    if first == 0:
        return []
    spans, start, end = [], 0, second
    while end != first:
        middle = _middle(start, end)
        if first <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    if start:
        spans.append((start, end))
    return spans[::-1]


def _middle(start: int, end: int) -> int:
    """Return where a span of two or more leaves parts: after the largest power of two below it."""
    return start + (1 << ((end - start - 1).bit_length() - 1))


def _parts(span: _Span) -> list[Subtree]:
    """Return the complete subtrees of a span, the largest first."""
    start, end = span
    parts = []
    while start < end:
        level = (end - start).bit_length() - 1
        parts.append(Subtree(level, start >> level))
        start += 1 << level
    return parts


def _hash_of(span: _Span, hashes: Mapping[Subtree, bytes]) -> bytes:
    return _joined(tuple(hashes[part] for part in _parts(span)))


def _joined(tops: tuple[bytes, ...]) -> bytes:
    top = tops[-1]
    for left in tops[-2::-1]:
        top = node_hash(left, top)
    return top
