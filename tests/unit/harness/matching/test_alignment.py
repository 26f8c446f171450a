"""Verdicts explain themselves, ties are natural, and long plans cost little."""

from __future__ import annotations

import pytest

from harness.matching.alignment import LOOKED_AT, align, explain
from harness.matching.compiled import compile_plan
from harness.scenario import ExpectedPlan
from runtime.public import Step
from tests.unit.harness.scoring.builders import (
    CLOSE,
    CLOSED,
    REFUND,
    REFUNDED,
    a_plan,
    a_step,
    expected,
)


@pytest.mark.parametrize(
    ("actual", "lines"),
    [
        pytest.param((REFUNDED, CLOSED), (), id="nothing to explain"),
        pytest.param((REFUNDED,), ("step 2 ticket.close is missing",), id="missing"),
        pytest.param(
            (REFUNDED, CLOSED, CLOSED), ("actual step 3 ticket.close is not expected",), id="extra"
        ),
        pytest.param(
            (a_step("ticket.refund", ticket="t_1", amount=30), CLOSED),
            ("actual step 1 ticket.refund: '/amount' is 30, expected 20",),
            id="wrong value",
        ),
        pytest.param(
            (CLOSED, REFUNDED),
            (
                "the steps are right, their order is not",
                "actual step 1 ticket.close is expected as step 2, out of order here",
            ),
            id="only the order",
        ),
        pytest.param(
            (CLOSED, REFUNDED, a_step("ticket.delete")),
            (
                "actual step 1 ticket.close is expected as step 2, out of order here",
                "actual step 3 ticket.delete is not expected",
            ),
            id="the order and an extra",
        ),
    ],
)
def test_explanation_names_each_defect_once(
    actual: tuple[Step, ...], lines: tuple[str, ...]
) -> None:
    """A person can act on each line."""
    plan = a_plan(REFUND, CLOSE)
    assert explain(align(plan, actual), plan) == lines


def test_order_that_is_the_only_defect_is_recognised_behind_partial_pairs() -> None:
    """Pairing both steps with the wrong one agrees more than leaving one out."""
    plan = a_plan(expected("a.set", k=1, u=1, v=1), expected("a.set", k=2, u=1, v=1))
    found = align(plan, [a_step("a.set", k=2, u=1, v=1), a_step("a.set", k=1, u=1, v=1)])
    assert found.only_order_differs
    assert [(pair.expected, pair.actual) for pair in found.out_of_order] == [(0, 1), (1, 0)]
    assert found.defects == 2


@pytest.mark.parametrize(
    ("mode", "matches", "missing", "unexpected", "extra"),
    [
        pytest.param("unordered", False, (1,), (1,), (), id="unordered"),
        pytest.param("subset", False, (), (1,), (), id="subset"),
        pytest.param("superset", False, (1,), (), (1,), id="superset"),
        pytest.param("reference", True, (1,), (1,), (), id="reference"),
    ],
)
def test_mode_decides_what_is_a_defect(
    mode: str,
    matches: bool,  # noqa: FBT001  # a column of the table
    missing: tuple[int, ...],
    unexpected: tuple[int, ...],
    extra: tuple[int, ...],
) -> None:
    """Reference informs and passes."""
    found = align(a_plan(REFUND, CLOSE, mode=mode), [REFUNDED, a_step("ticket.delete")])
    assert (found.matches, found.missing, found.unexpected, found.extra) == (
        matches,
        missing,
        unexpected,
        extra,
    )


def test_equal_steps_pair_in_their_order() -> None:
    """Among equally good alignments the natural one is taken; the surplus is the last."""
    found = align(a_plan(CLOSE, CLOSE, mode="unordered"), [CLOSED, CLOSED, CLOSED])
    assert [(pair.expected, pair.actual) for pair in found.pairs] == [(0, 0), (1, 1)]
    assert found.unexpected == (2,)


def test_rank_sorts_the_better_of_several_plans_first() -> None:
    """Matching comes before defects, and fewer defects before similarity."""
    plans = [a_plan(CLOSE, REFUND), a_plan(REFUND), a_plan(CLOSE)]
    found = [align(plan, [CLOSED]) for plan in plans]
    assert min(found, key=lambda one: one.rank) is found[2]
    assert found[0].rank < found[1].rank


def test_agreement_is_the_share_of_steps_that_agree() -> None:
    """Half of one pair and one missing step are a quarter."""
    wrong = a_step("ticket.refund", ticket="t_1", amount=30)
    assert align(a_plan(REFUND, CLOSE), [wrong]).agreement == 0.25
    assert align(a_plan({**CLOSE, "optional": True}), []).agreement == 1


def test_long_plan_that_cannot_match_is_judged_by_its_beginning() -> None:
    """Only the first steps are looked at, the rest is counted."""
    looked_at: list[Step] = []

    def complete(step: Step) -> Step:
        looked_at.append(step)
        return step

    plan = compile_plan(ExpectedPlan.model_validate({"steps": [REFUND, CLOSE]}), complete=complete)
    looked_at.clear()
    found = align(plan, [REFUNDED, CLOSED] + [CLOSED] * 998)
    assert len(looked_at) == LOOKED_AT
    assert (found.matches, found.defects) == (False, 998)


@pytest.mark.parametrize("mode", ["superset", "unordered", "exact", "subset"])
def test_a_thousand_right_steps_are_judged(mode: str) -> None:
    """Whatever the mode, sixteen expected equal steps find sixteen of a thousand."""
    found = align(a_plan(*[CLOSE] * 16, mode=mode), [CLOSED] * 1000)
    assert len(found.pairs) == 16
    assert found.matches is (mode == "superset")
