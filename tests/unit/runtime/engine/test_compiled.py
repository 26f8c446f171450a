"""A registry is compiled once, and a state is held to everything that it declares."""

from __future__ import annotations

import pytest

from runtime.domain.condition import Condition
from runtime.domain.errors import DeclarationError
from runtime.kit.canonical_json import canonical_bytes, parse
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import a_component, a_plan, a_registry, a_step, an_action

SOME = Condition(rule="state.box.value < 9", message="the box is not full")
SCALE = Condition(rule="7 / (state.box.value - 5) != 1", message="the scale works")


def test_an_action_is_found_by_id_and_by_name() -> None:
    """A name means the latest version."""
    registry = a_registry(an_action(), an_action(id="box.put@2"))

    assert [_id(registry.find(name)) for name in ("box.put", "box.put@1", "box.put@2")] == [
        "box.put@2",
        "box.put@1",
        "box.put@2",
    ]
    assert registry.find("box.burn") is None


def _id(found: JsonValue) -> str:
    return str(found.action.id)


def test_a_prepared_plan_is_pinned_and_completed() -> None:
    """Known steps get their version and defaults; unknown ones stay as they are."""
    plan = a_plan([a_step("box.put"), a_step("box.burn", x=1)])

    prepared = a_registry().prepared(plan)

    assert prepared == a_plan([a_step("box.put@1", value=1), a_step("box.burn", x=1)])


@pytest.mark.parametrize(
    ("state", "problem"),
    [
        pytest.param({}, "component 'box' is missing", id="missing"),
        pytest.param({"box": {"value": 0}, "bag": {}}, "'bag' is no component", id="strange"),
        pytest.param({"box": {"value": "x"}}, 'box/value: "x" is not of type', id="schema"),
        pytest.param(
            {"box": {"value": 9}}, "invariant does not hold: the box is not full", id="invariant"
        ),
        pytest.param(
            {"box": {"value": 5.0}},
            "invariant does not hold: the scale works (ZeroDivisionError",
            id="invariant fault",
        ),
    ],
)
def test_a_state_that_breaks_a_declaration_is_explained(state: JsonObject, problem: str) -> None:
    """Each way to break a declaration has its sentence."""
    registry = a_registry(components=(a_component(invariants=(SOME, SCALE)),))

    (found,) = registry.state_problems(state)

    assert found.startswith(problem)
    assert registry.state_problems(parse(canonical_bytes(state))) == (found,)
    assert registry.state_problems({"box": {"value": 1}}) == ()


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        pytest.param({"initial_state": {"value": "x"}}, "initial state", id="initial state"),
        pytest.param({"state_schema": {"type": "thing"}}, "component box", id="state schema"),
        pytest.param(
            {"invariants": (Condition(rule="inputs.x", message="x"),)}, "component box", id="rule"
        ),
    ],
)
def test_a_component_that_can_not_be_used_is_refused(change: JsonObject, subject: str) -> None:
    """Whoever declares it learns at once, with the subject named."""
    with pytest.raises(DeclarationError) as caught:
        a_registry(components=(a_component(**change),))

    assert caught.value.subject == subject


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"input_schema": {"type": "object", "required": 1}}, id="input schema"),
        pytest.param({"preconditions": (Condition(rule="mode", message="x"),)}, id="precondition"),
    ],
)
def test_an_action_that_can_not_be_used_is_refused(change: JsonObject) -> None:
    """Schemas and rules of actions are compiled with the registry."""
    with pytest.raises(DeclarationError, match=r"action box\.put@1 is not usable"):
        a_registry(an_action(**change))
