"""Compare each expected step with each actual one, and say what pairing them would cost.

`harness.matching.alignment` chooses among these pairs.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

from harness.matching.compiled import CompiledPlan
from harness.matching.expectation import Mismatch
from runtime.public import Step

SIMILARITY_UNITS: Final = 1_000_000
"""Similarities are compared as whole millionths, so that sums are exact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Say that an actual step stands for an expected one.

    Attributes:
        expected: position of the expected step.
        alternative: which of its patterns is closest.
        actual: position of the actual step.
        mismatches: how the inputs differ; none means that they match.
        similarity: share of the inputs that agree, 0 to 1.
    """

    expected: int
    alternative: int
    actual: int
    mismatches: tuple[Mismatch, ...] = ()
    similarity: float = 1.0


class Grid:
    """Compare each expected step with each actual one."""

    def __init__(self, *, plan: CompiledPlan, written: tuple[Step, ...]) -> None:
        self.plan = plan
        self.written = written
        self.completed = [plan.complete(step) for step in written]

    def listed(self) -> tuple[Pair, ...] | None:
        """Return the pairs of a plan that follows the list step by step, the usual right answer."""
        if len(self.written) != len(self.plan.steps) or not self.plan.listed_in_order:
            return None
        found: list[Pair] = []
        for at in range(len(self.written)):
            pair = self.pair(at, at)
            if pair is None or pair.mismatches:
                return None
            found.append(pair)
        return tuple(found)

    def pairs(self) -> dict[tuple[int, int], Pair]:
        """Return all pairs whose actions agree, by (expected, actual)."""
        return {
            (expected, actual): pair
            for expected in range(len(self.plan.steps))
            for actual in range(len(self.written))
            if (pair := self.pair(expected, actual)) is not None
        }

    def pair(self, expected: int, actual: int) -> Pair | None:
        """Return the pair of two steps by the closest pattern; None when no action agrees."""
        best: Pair | None = None
        step = self.completed[actual]
        for alternative, pattern in enumerate(self.plan.steps[expected].patterns):
            if pattern.action != step.action:
                continue
            unmet = pattern.unmet(step.inputs)
            similarity = pattern.similarity(self.written[actual].inputs, unmet) if unmet else 1.0
            if best is None or similarity > best.similarity:
                best = Pair(
                    expected=expected,
                    alternative=alternative,
                    actual=actual,
                    mismatches=unmet,
                    similarity=similarity,
                )
        return best


def costs_of(
    plan: CompiledPlan, pairs: dict[tuple[int, int], Pair], *, columns: int
) -> list[list[int]]:
    """Return what each pair adds to an alignment without pairs; 0 where pairing gains nothing.

    One integer ranks by defects, then similarity, then more pairs, then pairs closer to the
    listed places: each rank weighs more than all of the next one together.
    """
    rows = len(plan.steps)
    place = _place_span(rows, columns)
    pairing = rows * place
    unit = rows * pairing + place
    defect = rows * (SIMILARITY_UNITS + 1) * unit
    costs = [[0] * columns for _ in range(rows)]
    for (expected, actual), pair in pairs.items():
        saved = plan.steps[expected].required + (not plan.extras_allowed)
        cost = (bool(pair.mismatches) - saved) * defect
        cost -= round(pair.similarity * SIMILARITY_UNITS) * unit + pairing
        costs[expected][actual] = min(cost + (expected - actual) ** 2, 0)
    return costs


def telling_columns(costs: list[list[int]], *, runs_only: bool) -> list[int]:
    """Return the actual steps that can make a difference.

    Of steps that cost the same with every expected one, no more than there are expected steps can
    be paired; where order matters, that holds for steps in a row only. The rank of the place, the
    smallest one, does not count here.
    """
    rows, columns = len(costs), len(costs[0])
    if columns <= rows:
        return list(range(columns))
    place = _place_span(rows, columns)
    seen: Counter[tuple[int, ...]] = Counter()
    previous: tuple[int, ...] = ()
    telling = []
    for column in range(columns):
        kind = tuple(row[column] // place for row in costs)
        if not any(kind):
            continue
        if runs_only and kind != previous:
            seen.clear()
        previous = kind
        seen[kind] += 1
        if seen[kind] <= rows:
            telling.append(column)
    return telling


def _place_span(rows: int, columns: int) -> int:
    """Return more than any square of the distance between two places."""
    return max(rows, columns) ** 2 + 1
