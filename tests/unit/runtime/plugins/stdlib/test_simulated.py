"""What stands in for a machine says that it is no machine; every built-in world is provided for."""

from __future__ import annotations

import pytest

from runtime.bootstrap.effects import installed_effects
from runtime.kit.clock import SystemClock
from runtime.plugins.loader import load_plugin, plugin_names
from runtime.plugins.stdlib.simulated import simulated
from runtime.ports.effect import EffectTools
from tests.effects import TableSecrets, a_call
from tests.jobs import NoEgress

TOOLS = EffectTools(clock=SystemClock(), egress=NoEgress(), secrets=TableSecrets())


async def test_a_stand_in_says_what_it_is() -> None:
    """Nobody takes an acknowledgement of a model for the word of a machine."""
    (effect,) = simulated("door.drive_lock")
    call = a_call({}, inputs={"open": True})

    result = await effect.handler(call, TOOLS)

    assert result.document == {"simulated": True, "action": call.action, "inputs": {"open": True}}
    assert result.write_back is None


@pytest.mark.parametrize("name", plugin_names())
def test_every_effect_that_an_installed_action_declares_is_registered(name: str) -> None:
    """No job of a built-in world waits for a handler that nobody has."""
    declared = {
        effect.job for action in load_plugin(name).actions for effect in action.side_effects
    }

    assert declared <= set(installed_effects())
