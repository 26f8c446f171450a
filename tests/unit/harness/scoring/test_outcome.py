"""Prove that final states are compared whole, and that right plans are not told apart."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.prepared import PreparedScenario
from harness.score import Score
from harness.scoring.outcome import score, state_difference
from harness.scoring.plan_match import score as path_score
from runtime.public import JsonObject
from tests.worlds import SET_THREE, Call, a_decline, evidence, prepared, steps_of

INCREMENT: Call = ("counter.increment", {"by": 1})


def verdict(scenario: PreparedScenario, *calls: Call) -> Score:
    """Return the outcome score of calls."""
    found = score(evidence(scenario, *calls))
    assert found is not None
    return found


def helpdesk(mode: str, *calls: Call, **expect: JsonObject) -> PreparedScenario:
    """Build a helpdesk scenario for an admin, so that nothing is refused."""
    plan = {"mode": mode, "steps": steps_of(*calls)}
    given_: JsonObject = {"principal": {"roles": ["operator", "admin"], "grant": "autonomous"}}
    return prepared(environment="helpdesk", given=given_, expect={"plan": plan, **expect})


REFUNDS: tuple[Call, ...] = (
    ("ticket.refund", {"ticket": "t_100", "amount_cents": 100}),
    ("ticket.refund", {"ticket": "t_101", "amount_cents": 250}),
    ("ticket.refund", {"ticket": "t_107", "amount_cents": 75}),
)


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_commuting_steps_reach_the_same_state_in_any_order(order: tuple[int, ...]) -> None:
    """Equal states have equal digests, whatever way led there."""
    scenario = helpdesk("unordered", *REFUNDS)
    found = evidence(scenario, *(REFUNDS[at] for at in order))

    difference = state_difference(found)

    assert difference is not None
    assert difference.operations == ()
    assert found.judgement is not None
    assert scenario.reference is not None
    assert found.judgement.state.digest == scenario.reference.state.digest
    assert verdict(scenario, *(REFUNDS[at] for at in order)).passed


@given(st.integers(min_value=0, max_value=10_000))
def test_one_changed_leaf_always_shows(value: int) -> None:
    """A single number that differs fails the outcome and is named."""
    found = verdict(prepared(("counter.set", {"value": 77})), ("counter.set", {"value": value}))

    assert found.passed is (value == 77)
    assert ("/counter/value" in found.reason) is (value != 77)


def test_a_volatile_place_is_left_out() -> None:
    """Free text that nobody can predict does not count; everything else does."""
    calls: tuple[Call, ...] = (("counter.set", {"value": 4}),)
    volatile = {"plan": {"steps": steps_of(SET_THREE)}, "volatile": ["/counter/value"]}
    other = {"plan": {"steps": steps_of(SET_THREE)}, "volatile": ["/counter/step"]}

    assert verdict(prepared(expect=volatile), *calls).passed
    assert not verdict(prepared(expect=other), *calls).passed


def test_text_that_a_matcher_accepts_does_not_make_right_plans_differ() -> None:
    """The reference takes matched inputs from the actual plan."""
    golden: Call = ("ticket.reply", {"ticket": "t_100", "body": {"$contains": ["sorry"]}})
    scenario = helpdesk("exact", golden, REFUNDS[0])
    written: Call = ("ticket.reply", {"ticket": "t_100", "body": "We are SORRY about the lamp."})

    assert verdict(scenario, written, REFUNDS[0]).passed
    assert not verdict(scenario, written, REFUNDS[1]).passed


def test_the_order_of_the_scenario_decides_the_reference() -> None:
    """Free text in another allowed order is compared with the scenario's own order."""
    plan = {
        "mode": "unordered",
        "steps": [*steps_of(("counter.increment", {"by": {"$between": [1, 9]}}), SET_THREE)],
    }
    scenario = prepared(expect={"plan": plan})

    assert verdict(scenario, ("counter.increment", {"by": 5}), SET_THREE).passed
    late = verdict(scenario, SET_THREE, ("counter.increment", {"by": 5}))
    assert not late.passed
    assert "/counter/value: differs from the golden state" in late.reason


def test_a_reference_that_no_longer_executes_falls_back_to_the_golden_one() -> None:
    """Accepted inputs may only work in the order in which the model put them."""
    plan = {
        "mode": "unordered",
        "steps": steps_of(
            ("counter.increment", {"by": {"$between": [-5, 9], "$example": 4}}), SET_THREE
        ),
    }
    scenario = prepared(expect={"plan": plan})

    found = verdict(scenario, ("counter.set", {"value": 3}), ("counter.increment", {"by": -1}))

    assert not found.passed


@pytest.mark.parametrize(
    ("calls", "path", "state"),
    [
        pytest.param((SET_THREE,), True, True, id="right path, right state"),
        pytest.param((INCREMENT,) * 3, False, True, id="another path, right state"),
        pytest.param((INCREMENT,), False, False, id="another path, another state"),
    ],
)
def test_path_and_state_are_judged_apart(
    calls: tuple[Call, ...], *, path: bool, state: bool
) -> None:
    """Each scorer answers its own question."""
    matched = path_score(evidence(prepared(), *calls))

    assert matched is not None
    assert matched.passed is path
    assert verdict(prepared(), *calls).passed is state


def test_the_right_path_to_a_wrong_state_fails() -> None:
    """Unordered steps that do not commute match, but lead elsewhere."""
    plan = {"mode": "unordered", "steps": steps_of(SET_THREE, INCREMENT)}
    scenario = prepared(expect={"plan": plan})
    found = evidence(scenario, INCREMENT, SET_THREE)

    matched = path_score(found)

    assert matched is not None
    assert matched.passed
    assert not verdict(scenario, INCREMENT, SET_THREE).passed


def test_in_mode_reference_only_the_state_counts() -> None:
    """Another way is right, another state is not, and the path is not scored."""
    scenario = prepared(expect={"plan": {"mode": "reference", "steps": steps_of(SET_THREE)}})

    assert verdict(scenario, *(INCREMENT,) * 3).passed
    assert not verdict(scenario, INCREMENT).passed
    assert path_score(evidence(scenario, INCREMENT)) is None


def test_in_mode_reference_expected_values_stand_for_the_state() -> None:
    """With `expect.state` the rest of the golden state is not compared."""
    expect: JsonObject = {
        "plan": {"mode": "reference", "steps": steps_of(SET_THREE)},
        "state": {"/counter/value": {"$between": [3, 5]}},
    }

    assert verdict(prepared(expect=expect), ("counter.set", {"value": 5})).passed
    assert not verdict(prepared(expect=expect), ("counter.set", {"value": 6})).passed


def test_an_expected_value_is_judged_beside_the_golden_state() -> None:
    """The reason names the pointer and both values."""
    expect: JsonObject = {
        "plan": {"steps": steps_of(SET_THREE)},
        "state": {"/counter/value": 3, "/counter/old": {"$absent": True}},
        "volatile": ["/counter/value"],
    }

    found = verdict(prepared(expect=expect), ("counter.set", {"value": 4}))

    assert found.reason == "/counter/value: the value is 4, expected 3"


def test_a_value_that_is_gone_is_named() -> None:
    """Deleting more than was asked shows."""
    given_ = {"facts": {}, "principal": {"roles": ["admin"]}}
    expect: JsonObject = {
        "plan": {"mode": "reference", "steps": steps_of(SET_THREE)},
        "state": {"/counter/value": 3},
    }

    found = verdict(prepared(expect=expect, given=given_), ("counter.reset", {}))

    assert not found.passed
    assert "precondition_unmet" in found.reason


def test_no_plan_reaches_no_state() -> None:
    """A decline where a plan was due fails the outcome."""
    found = score(evidence(prepared(), proposal=a_decline()))

    assert found is not None
    assert (found.passed, found.reason) == (False, "no plan, the answer was decline")
    assert state_difference(evidence(prepared(), proposal=a_decline())) is None


def test_a_plan_that_stops_fails_with_the_guard() -> None:
    """The reason is the engine's."""
    found = verdict(prepared(), ("counter.set", {"value": "three"}))

    assert not found.passed
    assert found.reason.startswith("the plan stops: inputs_valid: input_invalid")


def test_without_a_golden_plan_there_is_no_outcome() -> None:
    """A scenario that expects a decline has no state to compare."""
    scenario = prepared(expect={"decline": True})

    assert score(evidence(scenario, SET_THREE)) is None
    assert state_difference(evidence(scenario, SET_THREE)) is None


def test_few_differences_are_shown() -> None:
    """A reason stays readable."""
    scenario = helpdesk("reference", *REFUNDS)

    found = verdict(scenario, ("ticket.refund", {"ticket": "t_100", "amount_cents": 1}))

    assert found.reason.count("differs from the golden state") == 3


def test_an_optional_step_that_was_taken_is_part_of_the_reference() -> None:
    """Both with and without the optional step the plan is right."""
    steps = [*steps_of(SET_THREE), {"action": "counter.increment", "optional": True}]
    scenario = prepared(expect={"plan": {"steps": steps}})

    assert verdict(scenario, SET_THREE).passed
    assert verdict(scenario, SET_THREE, ("counter.increment", {})).passed


def test_a_subset_of_the_steps_is_compared_with_itself() -> None:
    """In mode subset what was left out is not missing from the state either."""
    scenario = helpdesk("subset", *REFUNDS)

    assert verdict(scenario, REFUNDS[1]).passed


REFUSED: JsonObject = {
    "plan": {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]},
    "refusal": {"code": "quota_exceeded"},
}
NONE_LEFT: JsonObject = {"limits": {"quotas": {"project": 0}}}


def test_the_refusal_that_is_expected_passes() -> None:
    """Nothing changed, and nothing was to change."""
    assert verdict(prepared(given=NONE_LEFT, expect=REFUSED), ("counter.set", {"value": 3})).passed
    other = verdict(prepared(given=NONE_LEFT, expect=REFUSED), ("counter.set", {"value": 4}))
    assert other.passed  # what was proposed is for `plan_match`


def test_a_plan_that_is_refused_otherwise_fails() -> None:
    """The reason tells both."""
    found = verdict(prepared(given=NONE_LEFT, expect=REFUSED), ("counter.set", {"value": "x"}))

    assert not found.passed
    assert found.reason.startswith("the plan stops otherwise than by quota_exceeded: inputs_valid")


def test_a_plan_that_is_done_where_a_refusal_is_due_fails() -> None:
    """Another way to the same end is none that the limit let through."""
    spent: JsonObject = {
        "limits": {"quotas": {"action": 1}},
        "usage": {"done_by_action": {"counter.set": 1}},
    }

    found = verdict(prepared(given=spent, expect=REFUSED), INCREMENT)

    assert (found.passed, found.reason) == (
        False,
        "the plan is done, expected the refusal quota_exceeded",
    )
