"""Prove that the facts of a trial are gathered once, against the best of several plans."""

from __future__ import annotations

import pytest

from runtime.public import Proposal
from tests.worlds import SET_THREE, a_decline, a_question, evidence, prepared, steps_of

INCREMENT = ("counter.increment", {"by": 3})
TWO_PLANS = {"any_of": [{"steps": steps_of(SET_THREE)}, {"steps": steps_of(INCREMENT)}]}


def test_a_plan_is_simulated_and_aligned() -> None:
    """Scorers read both."""
    found = evidence(prepared(), SET_THREE)

    assert found.kind == "plan"
    assert found.plan is not None
    assert found.judgement is not None
    assert found.judgement.state.components["counter"]["value"] == 3
    assert found.alignment is not None
    assert found.alignment.matches


@pytest.mark.parametrize("at", [0, 1])
def test_the_best_of_several_plans_is_taken(at: int) -> None:
    """Which one it was is remembered."""
    found = evidence(prepared(expect=TWO_PLANS), (SET_THREE, INCREMENT)[at])

    assert found.aligned_plan == at
    assert found.alignment is not None
    assert found.alignment.matches


def test_of_equally_bad_plans_the_golden_one_is_taken() -> None:
    """Reports compare with it."""
    assert evidence(prepared(expect=TWO_PLANS), ("moon.land", {})).aligned_plan == 0


def test_a_plan_where_none_was_expected_is_simulated_only() -> None:
    """Governance looks at it all the same."""
    found = evidence(prepared(expect={"decline": True}), SET_THREE)

    assert found.alignment is None
    assert found.judgement is not None


@pytest.mark.parametrize(
    ("proposal", "kind"),
    [
        pytest.param(a_decline(), "decline", id="decline"),
        pytest.param(a_question(), "clarification", id="question"),
        pytest.param(None, "none", id="unusable"),
    ],
)
def test_words_are_not_simulated(proposal: Proposal | None, kind: str) -> None:
    """There is nothing to simulate."""
    found = evidence(prepared(), proposal=proposal)

    assert (found.kind, found.plan, found.judgement, found.alignment) == (kind, None, None, None)
