"""A plan is a document that people consent to by its digest."""

import pytest
from pydantic import ValidationError

from runtime.domain.plan import MAX_INPUT_DEPTH, Plan, Step, plan_digest
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import a_plan, a_step


def digest(plan: Plan, *, project: str = "p", version: int = 0) -> str:
    """Digest a plan for a project at a version."""
    return plan_digest(plan, project=project, state_version=version)


PLAN = a_plan([a_step(value=1), a_step(value=2)])


def test_a_document_lists_the_steps_in_order() -> None:
    """What is digested is what is shown."""
    assert a_plan([a_step(value=1)]).document() == {
        "steps": [{"action": "box.put@1", "inputs": {"value": 1}}]
    }


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(digest(a_plan([a_step(value=2), a_step(value=1)])), id="another order"),
        pytest.param(digest(a_plan([a_step(value=1), a_step(value=3)])), id="other inputs"),
        pytest.param(digest(a_plan([a_step(value=1), a_step("box.add@1", value=2)])), id="action"),
        pytest.param(digest(PLAN, project="q"), id="another project"),
        pytest.param(digest(PLAN, version=1), id="another state"),
    ],
)
def test_a_digest_is_bound_to_everything_that_a_person_saw(other: str) -> None:
    """A change of anything is another plan."""
    assert digest(PLAN) != other


def test_a_digest_does_not_depend_on_spelling() -> None:
    """Key order and 1.0 for 1 are the same plan."""
    left = a_plan([Step(action="box.put@1", inputs={"a": 1, "b": 2})])
    right = a_plan([Step(action="box.put@1", inputs={"b": 2.0, "a": 1})])

    assert digest(left) == digest(right)
    assert repr(left) == repr(right)


def nested(levels: int, *, beside: int = 0) -> JsonObject:
    """Nest lists in inputs, beside as many flat ones."""
    value: JsonValue = 1
    for _ in range(levels - 1):
        value = [value]
    return {"value": value, "flat": [{} for _ in range(beside)]}


@pytest.mark.parametrize("beside", [0, 200])
def test_the_deepest_inputs_can_be_digested(beside: int) -> None:
    """What a step accepts, every document around it can hold; breadth does not count."""
    step = Step(action="box.put@1", inputs=nested(MAX_INPUT_DEPTH, beside=beside))

    assert digest(Plan(steps=(step,))).startswith("sha256:")


def test_deeper_inputs_are_refused() -> None:
    """A model's nesting must not reach a limit inside the engine."""
    with pytest.raises(ValidationError, match="nested deeper than 100 levels"):
        Step(action="box.put@1", inputs=nested(MAX_INPUT_DEPTH + 1))


def test_a_step_owns_its_inputs() -> None:
    """Whoever changes the document later does not change the step."""
    inputs: JsonObject = {"list": [1]}

    step = Step(action="box.put@1", inputs=inputs)
    inputs["list"].append(2)

    assert step.inputs == {"list": [1]}


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param(float("nan"), "the float nan", id="not a number"),
        pytest.param(2**53 + 1, "an integer of 54 bits", id="an integer that readers round"),
        pytest.param({1}, "a Python set", id="not JSON"),
        pytest.param("\ud800", "the text", id="half a character"),
    ],
)
def test_inputs_without_canonical_json_are_refused(value: JsonValue, found: str) -> None:
    """Such a step can't be digested, so it can't be written."""
    with pytest.raises(ValidationError, match=f"'/value' is {found}"):
        a_step(value=value)


@pytest.mark.parametrize("action", ["", "x" * 201], ids=["empty", "too long"])
def test_an_action_has_a_name_of_some_length(action: str) -> None:
    """A name is neither empty nor a text."""
    with pytest.raises(ValidationError):
        a_step(action)
