"""Prove that the path is scored where it counts, and explained where it differs."""

from __future__ import annotations

from harness.scoring.plan_match import score
from tests.worlds import SET_THREE, a_decline, evidence, prepared, steps_of


def test_the_expected_steps_pass() -> None:
    """Agreement is whole and nothing needs explaining."""
    found = score(evidence(prepared(), SET_THREE))

    assert found is not None
    assert (found.value, found.passed, found.reason) == (1.0, True, "")


def test_a_wrong_input_is_explained() -> None:
    """The reason names step, input and both values."""
    found = score(evidence(prepared(), ("counter.set", {"value": 4})))

    assert found is not None
    assert found.passed is False
    assert found.reason == "actual step 1 counter.set: '/value' is 4, expected 3"


def test_no_plan_is_no_match() -> None:
    """The kind of the answer is told."""
    found = score(evidence(prepared(), proposal=a_decline()))

    assert found is not None
    assert (found.value, found.passed) == (0.0, False)
    assert found.reason == "a plan was expected, the answer was decline"


def test_the_second_of_several_plans_is_explained_by_itself() -> None:
    """Differences are those to the closest plan."""
    plans = [{"steps": steps_of(SET_THREE)}, {"steps": steps_of(("counter.increment", {"by": 2}))}]
    found = score(evidence(prepared(expect={"any_of": plans}), ("counter.increment", {"by": 9})))

    assert found is not None
    assert "'/by' is 9, expected 2" in found.reason


def test_in_mode_reference_the_path_is_not_asked_for() -> None:
    """Only the final state counts."""
    expect = {"plan": {"mode": "reference", "steps": steps_of(SET_THREE)}}

    assert score(evidence(prepared(expect=expect), SET_THREE)) is None
