"""Prove what holds for all of the facility's declarations together."""

from __future__ import annotations

import pytest

from runtime.plugins.stdlib.facility import PLUGIN
from runtime.public import Action
from tests.unit.runtime.plugins.stdlib.facility.plant import Plant

ACTIONS = [pytest.param(action, id=action.name) for action in PLUGIN.actions]


def test_model_sees_everything_but_developer_actions(plant: Plant) -> None:
    """Resetting the latch and dumping diagnostics are not offered to the model."""
    visible = {action.name for action in plant.sandbox.registry.visible()}

    hidden = {action.name for action in PLUGIN.actions} - visible

    assert hidden == {"diagnostics.dump", "furnace.reset_emergency"}


@pytest.mark.parametrize("action", ACTIONS)
def test_description_tells_what_the_action_costs(action: Action) -> None:
    """Whoever plans within a budget can read the price."""
    units = "energy unit" if action.cost == 1 else "energy units"
    price = f"Costs {action.cost} {units}." if action.cost else "costs nothing."

    assert price.lower() in action.description.lower()


@pytest.mark.parametrize("action", ACTIONS)
def test_inputs_are_strict_and_explained(action: Action) -> None:
    """Each input has a description and an example, and no other input is taken."""
    schema = action.input_schema

    assert schema["additionalProperties"] is False
    for declared in schema["properties"].values():
        assert declared["description"]
        assert declared["examples"]


@pytest.mark.parametrize("action", ACTIONS)
def test_action_that_changes_something_tells_somebody(action: Action) -> None:
    """Every action drives a device or informs a person, and says how."""
    assert action.side_effects
    assert all(effect.description.endswith(".") for effect in action.side_effects)


def test_environment_never_closes_a_window_on_the_stop() -> None:
    """Rates and windows would hold for the emergency stop too, so there are none by default."""
    limits = PLUGIN.environments[0].limits

    assert (limits.per_minute, limits.per_hour, limits.windows) == (None, None, ())
