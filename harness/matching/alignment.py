"""Find which actual step stands for which expected one, at the fewest defects possible.

A defect is a required step that nothing stands for, an actual step that nothing expects (unless
extras are allowed), or a pair of the same action whose inputs differ. The plan matches when there
is none. Among alignments with equally few, the one whose inputs agree most is taken.

The best assignment without regard to order is found first (`harness.matching.assignment`); where
it keeps the order, it is the answer, and where it does not, `harness.matching.ordering` looks
among those that do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from harness.matching.assignment import cheapest_columns
from harness.matching.compiled import CompiledPlan
from harness.matching.ordering import cheapest_in_order
from harness.matching.pairing import Grid, Pair, costs_of, telling_columns
from harness.scenario import PlanMode
from runtime.public import Step

LOOKED_AT: Final = 32
"""How many actual steps are aligned when there are more than a matching plan can have."""

Places: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of positions: (expected, actual)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """Compare one actual plan with one expected plan; positions count from zero.

    Attributes:
        matches: the verdict; always true in mode reference, where the alignment only informs.
        pairs: which actual step stands for which expected one, by expected position.
        missing: required expected steps that nothing stands for.
        unexpected: actual steps that nothing expects, where that is a defect.
        extra: actual steps that nothing expects, where extras are allowed.
        without_order: the best alignment if any order were right; None where that is no better.
        actual: the actual steps.
    """

    matches: bool
    pairs: tuple[Pair, ...]
    missing: tuple[int, ...]
    unexpected: tuple[int, ...]
    extra: tuple[int, ...]
    without_order: Alignment | None = None
    actual: tuple[Step, ...] = field(repr=False)

    @property
    def defects(self) -> int:
        """Count what keeps the plan from matching."""
        differing = sum(1 for pair in self.pairs if pair.mismatches)
        return differing + len(self.missing) + len(self.unexpected)

    @property
    def similarity(self) -> float:
        """Return the summed similarity of the pairs."""
        return sum(pair.similarity for pair in self.pairs)

    @property
    def agreement(self) -> float:
        """Return the share of the steps, expected and unexpected, that agree: 0 to 1."""
        steps = len(self.pairs) + len(self.missing) + len(self.unexpected)
        return self.similarity / steps if steps else 1.0

    @property
    def rank(self) -> tuple[bool, int, float]:
        """Return what sorts the best of several acceptable plans first."""
        return (not self.matches, self.defects, -self.similarity)

    @property
    def only_order_differs(self) -> bool:
        """Say whether the steps are the right ones in a wrong order."""
        return self.without_order is not None and self.without_order.defects == 0

    @property
    def out_of_order(self) -> tuple[Pair, ...]:
        """Return the pairs that match by themselves but come too early or too late."""
        if self.without_order is None:
            return ()
        settled = {pair.expected for pair in self.pairs if not pair.mismatches}
        return tuple(
            pair
            for pair in self.without_order.pairs
            if not pair.mismatches and pair.expected not in settled
        )


def align(plan: CompiledPlan, steps: Sequence[Step]) -> Alignment:
    """Compare actual steps with an expected plan."""
    actual = tuple(steps)
    grid = Grid(plan=plan, written=_looked_at(plan, actual))
    listed = grid.listed()
    if listed is not None:
        return _alignment(plan, actual, listed)
    pairs = grid.pairs()
    costs = costs_of(plan, pairs, columns=len(grid.written))
    columns = telling_columns(costs, runs_only=plan.ordered)
    free = _without_order(costs, columns)
    without_order = _alignment(plan, actual, tuple(pairs[at] for at in free))
    if _keeps_order(plan, free):
        return without_order
    befores = [step.before for step in plan.steps]
    chosen = cheapest_in_order(costs, befores=befores, columns=columns).chosen
    found = _alignment(plan, actual, tuple(pairs[at] for at in sorted(chosen)))
    if without_order.defects == found.defects:
        return found
    return replace(found, without_order=without_order)


def explain(alignment: Alignment, plan: CompiledPlan) -> tuple[str, ...]:
    """Say why the actual plan does not match, a line a defect; steps count from one."""
    steps = [f"actual step {at} {step.action}" for at, step in enumerate(alignment.actual, 1)]
    others = alignment.without_order or alignment
    return (
        *(["the steps are right, their order is not"] if alignment.only_order_differs else []),
        *(
            f"{steps[pair.actual]} is expected as step {pair.expected + 1}, out of order here"
            for pair in alignment.out_of_order
        ),
        *(f"{steps[pair.actual]}: {it.line()}" for pair in others.pairs for it in pair.mismatches),
        *(f"step {at + 1} {plan.steps[at].text} is missing" for at in others.missing),
        *(f"{steps[at]} is not expected" for at in others.unexpected),
    )


def _looked_at(plan: CompiledPlan, actual: tuple[Step, ...]) -> tuple[Step, ...]:
    """Leave out the tail of a plan that is too long to match; the verdict is known without it."""
    if plan.extras_allowed or len(actual) <= len(plan.steps):
        return actual
    return actual[:LOOKED_AT]


def _without_order(costs: list[list[int]], columns: list[int]) -> Places:
    """Return the cheapest pairs when any order is right."""
    gains = tuple(
        (row, column) for row, line in enumerate(costs) for column in columns if line[column] < 0
    )
    if len({row for row, _ in gains}) == len({column for _, column in gains}) == len(gains):
        return gains  # nothing competes, the usual case: each action is expected once
    padding = [0] * max(0, len(costs) - len(columns))
    reduced = [[row[column] for column in columns] + padding for row in costs]
    return tuple(
        (row, columns[place])
        for row, place in enumerate(cheapest_columns(reduced))
        if reduced[row][place] < 0
    )


def _keeps_order(plan: CompiledPlan, chosen: Places) -> bool:
    place = dict(chosen)
    return all(
        place[earlier] < actual
        for expected, actual in chosen
        for earlier in plan.steps[expected].before
        if earlier in place
    )


def _alignment(plan: CompiledPlan, actual: tuple[Step, ...], pairs: tuple[Pair, ...]) -> Alignment:
    used = {pair.expected for pair in pairs}
    taken = {pair.actual for pair in pairs}
    missing = tuple(at for at, step in enumerate(plan.steps) if step.required and at not in used)
    unpaired = tuple(at for at in range(len(actual)) if at not in taken)
    unexpected = () if plan.extras_allowed else unpaired
    sound = not missing and not unexpected and not any(pair.mismatches for pair in pairs)
    return Alignment(
        matches=sound or plan.mode is PlanMode.REFERENCE,
        pairs=pairs,
        missing=missing,
        unexpected=unexpected,
        extra=unpaired if plan.extras_allowed else (),
        actual=actual,
    )
