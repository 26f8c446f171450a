"""The plainest parts of a screen hold what they are given, within their bounds."""

from __future__ import annotations

import pytest

from runtime.plugins.stdlib.controls import PLUGIN
from runtime.public import JsonObject, Judgement, Plan, Sandbox, Step, StepStatus

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])


def judge(action: str, inputs: JsonObject) -> Judgement:
    """Simulate one step on the first state."""
    return SANDBOX.simulate(Plan(steps=(Step(action=action, inputs=inputs),)), SANDBOX.situation())


@pytest.mark.parametrize(
    ("action", "inputs", "component", "state"),
    [
        pytest.param(
            "text_field.write", {"text": "Hello"}, "text_field", {"text": "Hello"}, id="a text"
        ),
        pytest.param(
            "slider.move",
            {"value": 45},
            "slider",
            {"value": 45, "lowest": 0, "highest": 100, "step": 5},
            id="a value",
        ),
        pytest.param(
            "status_light.show",
            {"level": "ready"},
            "status_light",
            {"level": "ready", "message": ""},
            id="a light",
        ),
    ],
)
def test_a_control_takes_what_it_is_given(
    action: str, inputs: JsonObject, component: str, state: JsonObject
) -> None:
    """Nothing else of the panel moves."""
    judged = judge(action, inputs)

    before = SANDBOX.situation().state.components
    assert judged.outcome.status is StepStatus.DONE
    assert judged.state.components == {**before, component: state}


@pytest.mark.parametrize("value", [-5, 105, 42])
def test_a_slider_leaves_neither_its_ends_nor_its_steps(value: int) -> None:
    """What the slider could not show is not stored."""
    assert judge("slider.move", {"value": value}).outcome.status is not StepStatus.DONE


@pytest.mark.parametrize("inputs", [{"level": "purple"}, {"level": "ready", "message": "x" * 201}])
def test_a_light_shows_what_it_has(inputs: JsonObject) -> None:
    """An unknown level, and a sentence without end, are refused."""
    assert judge("status_light.show", inputs).outcome.status is StepStatus.REFUSED
