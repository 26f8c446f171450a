"""Choose the cheapest pairs of expected and actual steps that keep a partial order.

Goes through the actual steps in their order. What may still come depends only on which expected
steps are used up: paired, or before a paired one. So one best choice for each such set is kept;
a plan in which each step follows the last has no more sets than steps.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

WORK: Final = 250_000
"""About how many extensions one search may try, 0.15 s: it bounds the sets kept at a time.

With up to 8 expected steps every set fits, and the choice is the best there is. So it is for any
number of steps in a row. Only wider plans can lose a set, and then the most expensive first.
"""

FEWEST_KEPT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderedChoice:
    """Hold the pairs (expected, actual) and how many sets were kept in all to find them."""

    chosen: tuple[tuple[int, int], ...]
    kept: int


class _Path(NamedTuple):
    """Link a pair to the ones before it; the first path has none."""

    cost: int
    pair: tuple[int, int] | None = None
    previous: _Path | None = None


def cheapest_in_order(
    costs: Sequence[Sequence[int]],
    *,
    befores: Sequence[frozenset[int]],
    columns: Sequence[int],
) -> OrderedChoice:
    """Return the cheapest pairs in which no expected step follows one that it must precede.

    Args:
        costs: a row an expected step; what a pair costs, below zero where pairing gains.
        befores: for each expected step all that must not come after it.
        columns: the actual steps to consider, in their order.
    """
    uses = [sum(1 << at for at in before | {row}) for row, before in enumerate(befores)]
    width = max(FEWEST_KEPT, WORK // (max(1, len(columns)) * len(costs)))
    paths = {0: _Path(0)}
    kept = 1
    for column in columns:
        gains = [(row, line[column]) for row, line in enumerate(costs) if line[column] < 0]
        paths = _extended(paths, gains, uses=uses, column=column)
        if len(paths) > width:
            ranked = heapq.nsmallest(width, paths.items(), key=lambda item: (item[1].cost, item[0]))
            paths = dict(ranked)
        kept += len(paths)
    best = min(paths.items(), key=lambda item: (item[1].cost, item[0]))[1]
    return OrderedChoice(chosen=_pairs_of(best), kept=kept)


def _extended(
    paths: dict[int, _Path], gains: list[tuple[int, int]], *, uses: list[int], column: int
) -> dict[int, _Path]:
    """Let each path leave the actual step alone, or pair it with a step that is not used up."""
    best = dict(paths)
    for used, path in paths.items():
        for row, cost in gains:
            if used >> row & 1:
                continue
            extended = used | uses[row]
            known = best.get(extended)
            if known is None or path.cost + cost < known.cost:
                best[extended] = _Path(path.cost + cost, (row, column), path)
    return best


def _pairs_of(path: _Path | None) -> tuple[tuple[int, int], ...]:
    pairs = []
    while path is not None and path.pair is not None:
        pairs.append(path.pair)
        path = path.previous
    return tuple(reversed(pairs))
