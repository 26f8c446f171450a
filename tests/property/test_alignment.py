"""The alignment is as good as a brute force finds, and graphs accept exactly their orders."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations, permutations
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.matching.alignment import Alignment, align, explain
from harness.matching.assignment import cheapest_columns
from harness.matching.compiled import compile_plan
from harness.scenario import ExpectedPlan
from runtime.public import Step

ANY = {"$any": True}
MOST = 7

inputs = st.fixed_dictionaries({"x": st.integers(0, 2)}, optional={"y": st.integers(0, 1)})
patterns = st.fixed_dictionaries(
    {"x": st.integers(0, 2) | st.just(ANY)}, optional={"y": st.integers(0, 1) | st.just(ANY)}
)
actions = st.sampled_from(["a.do", "b.do", "c.do"])
calls: st.SearchStrategy[dict[str, Any]] = st.builds(dict, action=actions, inputs=patterns)


@st.composite
def plans(draw: st.DrawFn, modes: tuple[str, ...]) -> dict[str, Any]:
    """Draw a plan with alternatives, optional steps and, unless it is exact, a random order."""
    mode = draw(st.sampled_from(modes))
    size = draw(st.integers(1, MOST))
    steps: list[dict[str, Any]] = []
    for at in range(size):
        step = dict(draw(calls))
        if draw(st.integers(0, 4)) == 0:
            step = {"any_of": [step, draw(calls)]}
        steps.append({**step, "optional": draw(st.integers(0, 4)) == 0, "as": f"s{at}"})
    if mode == "exact":
        return {"mode": mode, "steps": steps}
    ranks = draw(st.permutations(range(size)))
    for later, step in enumerate(steps):
        earlier = [at for at in range(size) if ranks[at] < ranks[later]]
        chosen = (
            draw(st.lists(st.sampled_from(earlier), unique=True, max_size=2)) if earlier else []
        )
        step["after"] = [f"s{at}" for at in chosen]
    ordered = any(step["after"] for step in steps)
    return {"mode": "unordered" if mode == "graph" and not ordered else mode, "steps": steps}


actual_steps = st.lists(st.builds(Step, action=actions, inputs=inputs), max_size=MOST)
ALL_MODES = ("exact", "unordered", "subset", "superset", "graph", "reference")


@dataclass(frozen=True)
class Brute:
    """Try everything, without any of the code under test."""

    plan: dict[str, Any]
    actual: list[Step]

    def best(self) -> tuple[int, Fraction]:
        """Return the fewest defects and, among those, the largest similarity."""
        defects, similarity = min(self._values(dict(pairs)) for pairs in self._assignments(0, ()))
        return defects, -similarity

    def _assignments(
        self, at: int, taken: tuple[tuple[int, int], ...]
    ) -> Iterator[tuple[tuple[int, int], ...]]:
        if at == len(self.actual):
            if self._keeps_order(taken):
                yield taken
            return
        yield from self._assignments(at + 1, taken)
        for step in range(len(self.plan["steps"])):
            if step not in [one for one, _ in taken] and self._closeness(step, at) is not None:
                yield from self._assignments(at + 1, (*taken, (step, at)))

    def _keeps_order(self, taken: tuple[tuple[int, int], ...]) -> bool:
        return all(
            not (self._before(one, other) and place > other_place)
            for (one, place) in taken
            for (other, other_place) in taken
        )

    def _before(self, one: int, other: int) -> bool:
        if self.plan["mode"] == "exact":
            return one < other
        after = self.plan["steps"][other]["after"]
        return f"s{one}" in after or any(self._before(one, int(name[1:])) for name in after)

    def _closeness(self, step: int, at: int) -> Fraction | None:
        expected, actual = self.plan["steps"][step], self.actual[at]
        shares = [
            self._share(call["inputs"], actual.inputs)
            for call in expected.get("any_of", [expected])
            if call["action"] == actual.action
        ]
        return max(shares, default=None)

    def _share(self, pattern: dict[str, Any], inputs: dict[str, Any]) -> Fraction:
        names = {*pattern, *inputs}
        agreeing = [
            name
            for name in names
            if name in pattern
            and name in inputs
            and (pattern[name] == ANY or pattern[name] == inputs[name])
        ]
        return Fraction(len(agreeing), len(names))

    def _values(self, pairs: dict[int, int]) -> tuple[int, Fraction]:
        mode = self.plan["mode"]
        shares = [self._closeness(step, at) or Fraction(0) for step, at in pairs.items()]
        missing = [
            at
            for at, step in enumerate(self.plan["steps"])
            if at not in pairs and not step["optional"] and mode != "subset"
        ]
        extra = 0 if mode == "superset" else len(self.actual) - len(pairs)
        return sum(share < 1 for share in shares) + len(missing) + extra, -sum(shares, Fraction(0))


def aligned(plan: dict[str, Any], actual: list[Step]) -> Alignment:
    """Align by the code under test."""
    return align(compile_plan(ExpectedPlan.model_validate(plan)), actual)


@settings(deadline=None)
@given(plans(ALL_MODES), actual_steps)
def test_alignment_is_as_good_as_the_best_of_all_assignments(
    plan: dict[str, Any], actual: list[Step]
) -> None:
    """Verdict, number of defects and similarity equal those of the brute force."""
    found = aligned(plan, actual)
    defects, similarity = Brute(plan, actual).best()
    assert found.defects == defects
    assert abs(found.similarity - similarity) < 1e-4
    assert found.matches == (defects == 0 or plan["mode"] == "reference")


@settings(deadline=None)
@given(plans(ALL_MODES), actual_steps)
def test_an_alignment_is_one_to_one_keeps_the_order_and_accounts_for_every_step(
    plan: dict[str, Any], actual: list[Step]
) -> None:
    """Nothing is used twice and nothing is forgotten."""
    found = aligned(plan, actual)
    brute = Brute(plan, actual)
    places = [(pair.expected, pair.actual) for pair in found.pairs]
    assert len({one for one, _ in places}) == len({at for _, at in places}) == len(places)
    assert all(
        at < other_at
        for one, at in places
        for other, other_at in places
        if brute._before(one, other)  # noqa: SLF001  # the brute force is this file's own
    )
    used = {at for _, at in places} | {*found.unexpected} | {*found.extra}
    assert used == set(range(len(actual)))


@settings(deadline=None)
@given(plans(ALL_MODES), actual_steps)
def test_alignment_and_explanation_are_the_same_every_time(
    plan: dict[str, Any], actual: list[Step]
) -> None:
    """Ties are broken alike, and only what does not match is explained."""
    compiled = compile_plan(ExpectedPlan.model_validate(plan))
    found = align(compiled, actual)
    assert found == align(compiled, actual)
    assert bool(explain(found, compiled)) is (found.defects > 0)
    assert 0 <= found.agreement <= 1
    assert (found.agreement == 1) is (found.defects == 0)


@settings(deadline=None)
@given(st.data(), st.integers(2, 5))
def test_graph_accepts_exactly_the_topological_orders(data: st.DataObject, size: int) -> None:
    """Of all orders of distinct steps, those that keep every edge."""
    edges = data.draw(
        st.lists(st.sampled_from(list(combinations(range(size), 2))), unique=True, min_size=1)
    )
    steps: list[dict[str, Any]] = [
        {
            "action": f"step{at}.do",
            "as": f"s{at}",
            "after": [f"s{one}" for one, other in edges if other == at],
        }
        for at in range(size)
    ]
    plan = compile_plan(ExpectedPlan.model_validate({"steps": data.draw(st.permutations(steps))}))
    for order in permutations(range(size)):
        topological = all(order.index(one) < order.index(other) for one, other in edges)
        actual = [Step(action=f"step{at}.do") for at in order]
        assert align(plan, actual).matches is topological


@given(
    st.integers(1, 4).flatmap(
        lambda rows: st.integers(rows, 5).flatmap(
            lambda columns: st.lists(
                st.lists(st.integers(-9, 9), min_size=columns, max_size=columns),
                min_size=rows,
                max_size=rows,
            )
        )
    )
)
def test_assignment_is_the_cheapest_of_all(costs: list[list[int]]) -> None:
    """No choice of distinct columns costs less."""
    chosen = cheapest_columns(costs)
    every = permutations(range(len(costs[0])), len(costs))
    assert len(set(chosen)) == len(costs)
    assert sum(row[column] for row, column in zip(costs, chosen, strict=True)) == min(
        sum(row[column] for row, column in zip(costs, columns, strict=True)) for columns in every
    )
