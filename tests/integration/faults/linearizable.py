"""Check that a recorded history of one counter could have happened one operation at a time.

Exact, and fast, because every answer names the version that it is about: versions are the order.
What is left to check is that each version was made once and from the one before, that a reader saw
what stood at that version, and that no operation which had ended comes after one that began later
(Source: Herlihy and Wing, 1990: real-time order is kept).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Op:
    """Hold one finished operation.

    Attributes:
        version: that it made, or read.
        value: of the counter at that version.
        by: how far it moved the counter; 0 reads.
        invoked_s: when it was asked for, first.
        answered_s: when it was answered.
    """

    version: int
    value: int
    by: int = 0
    invoked_s: float
    answered_s: float


def violations(ops: Sequence[Op]) -> list[str]:
    """Return what can't be in a history that starts with 0 at version 0; empty when all can be."""
    writes = sorted((op for op in ops if op.by), key=lambda op: op.version)
    return [
        *_wrong_chain(writes),
        *_wrong_reads(ops, {0: 0, **{op.version: op.value for op in writes}}),
        *_wrong_order(ops),
    ]


def _wrong_chain(writes: Sequence[Op]) -> Iterator[str]:
    start = Op(version=0, value=0, invoked_s=0.0, answered_s=0.0)
    for before, op in pairwise([start, *writes]):
        if op.version != before.version + 1:
            yield f"version {op.version} follows {before.version}"
        elif op.value != before.value + op.by:
            yield f"version {op.version} is {op.value}, {op.by} more than {before.value} was asked"


def _wrong_reads(ops: Sequence[Op], values: dict[int, int]) -> Iterator[str]:
    for op in ops:
        if not op.by and values.get(op.version) != op.value:
            yield f"{op.value} was read at version {op.version}, which is {values.get(op.version)}"


def _wrong_order(ops: Sequence[Op]) -> Iterator[str]:
    """Sweep over instants with the largest version that had been answered before each."""
    ended = sorted(ops, key=lambda op: op.answered_s)
    newest, position = 0, 0
    for op in sorted(ops, key=lambda op: op.invoked_s):
        while ended[position].answered_s < op.invoked_s:
            newest = max(newest, ended[position].version)
            position += 1
        if op.version < newest + bool(op.by):
            what = "made" if op.by else "read"
            yield f"version {op.version} was {what} after {newest} had been answered"
