"""Prove what the file format derives from what is written."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from harness.scenario import Expect, ExpectedPlan, PlanMode, PolicyFolders
from runtime.public import JsonObject
from tests.worlds import a_scenario, steps_of


@pytest.mark.parametrize(
    ("expect", "kinds"),
    [
        pytest.param({"plan": {"steps": steps_of(("a", {}))}}, {"plan"}, id="plan"),
        pytest.param({"any_of": [{"steps": steps_of(("a", {}))}]}, {"plan"}, id="any of"),
        pytest.param({"clarification": {}}, {"clarification"}, id="question"),
        pytest.param({"decline": True}, {"decline"}, id="decline"),
        pytest.param({"either": ["decline"]}, {"decline"}, id="either"),
        pytest.param({"never": ["a"]}, set(), id="never"),
    ],
)
def test_the_right_kinds_follow_from_the_expectation(expect: JsonObject, kinds: set[str]) -> None:
    """An empty set accepts anything but what `never` names."""
    assert a_scenario(expect=expect).expect.kinds == kinds


@pytest.mark.parametrize(
    ("mode", "before"),
    [
        pytest.param(PlanMode.EXACT, [set(), {0}, {0, 1}], id="exact"),
        pytest.param(PlanMode.UNORDERED, [set(), set(), set()], id="unordered"),
    ],
)
def test_the_order_follows_from_the_mode(mode: PlanMode, before: list[set[int]]) -> None:
    """In mode exact each step waits for all before it."""
    plan = ExpectedPlan.model_validate({"mode": mode, "steps": steps_of(*[("a", {})] * 3)})

    assert [set(found or ()) for found in plan.predecessors()] == before


def test_after_is_transitive() -> None:
    """A step waits for what its predecessors wait for."""
    steps = [
        {"action": "a", "as": "x"},
        {"action": "b", "as": "y", "after": ["x"]},
        {"action": "c", "after": ["y"]},
    ]

    assert ExpectedPlan.model_validate({"steps": steps}).predecessors()[2] == frozenset({0, 1})


def test_inherited_tags_are_not_doubled() -> None:
    """A tag of the file that a scenario repeats stays one."""
    assert a_scenario(tags=["a", "b", "a"]).tags == ("a", "b")


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        pytest.param({"refusal": {"code": "policy_denied"}}, "need the plan", id="no plan"),
        pytest.param({"redacted": [{"step": 1, "inputs": ["/a"]}]}, "need the plan", id="nor here"),
        pytest.param({"refusal": {"code": "nonsense"}}, "Input should be", id="no such code"),
        pytest.param({"refusal": {}}, "Field required", id="no code"),
        pytest.param({"refusal": {"code": "policy_denied", "step": 0}}, "greater", id="step 0"),
        pytest.param({"redacted": [{"step": 1, "inputs": []}]}, "at least 1", id="no input"),
        pytest.param({"redacted": [{"step": 1, "inputs": ["a"]}]}, "pattern", id="no pointer"),
    ],
)
def test_what_is_expected_of_the_engine_has_a_form(said: JsonObject, problem: str) -> None:
    """An answer of the engine is one to a plan, by a reason that it knows."""
    with pytest.raises(ValidationError, match=problem):
        Expect.model_validate({"decline": True, **said})


def test_policies_name_a_folder() -> None:
    """An empty mapping would be rules that say nothing, without a word."""
    with pytest.raises(ValidationError, match="names the folder"):
        PolicyFolders.model_validate({})
