"""Prove that each invariant of the plant can be broken, and is noticed."""

from __future__ import annotations

import pytest

from runtime.plugins.stdlib.facility.components import COMPONENTS
from runtime.public import JsonObject, canonical_bytes
from tests.unit.runtime.plugins.stdlib.facility.plant import GAS, LIT, MAINTAINED, Plant

LARGEST_STATE_BYTES = 4096

BROKEN = [
    pytest.param(
        {"/furnace/zone": "z_9"},
        "the furnace stands in a zone that exists",
        id="a furnace nowhere",
    ),
    pytest.param(
        {**LIT, "/furnace/setpoint_c": 1101},
        "the setpoint is not above what the furnace survives",
        id="a setpoint too high",
    ),
    pytest.param(
        {"/furnace/band_max_c": 1101},
        "the everyday band ends at or below what the furnace survives",
        id="a band too high",
    ),
    pytest.param(
        {"/furnace/setpoint_c": 1},
        "a furnace whose burner is out has no setpoint",
        id="a setpoint without a flame",
    ),
    pytest.param(
        {**LIT, "/furnace/door": "open"},
        "the burner is out while the door is open",
        id="a flame behind an open door",
    ),
    pytest.param(
        {**LIT, **MAINTAINED},
        "the burner is out during maintenance",
        id="a flame during maintenance",
    ),
    pytest.param(
        {"/furnace/maintenance": True},
        "maintenance runs under a work order, and only maintenance has one",
        id="maintenance without a work order",
    ),
    pytest.param(
        {"/furnace/work_order": "WO-2041"},
        "maintenance runs under a work order, and only maintenance has one",
        id="a work order without maintenance",
    ),
    pytest.param(
        {**LIT, "/zones/z_1/access": "unlocked"},
        "the furnace hall is locked while the burner is lit",
        id="an open hall around a flame",
    ),
    pytest.param(
        {**LIT, "/furnace/state": "heating", "/zones/z_1/people": 3},
        "no more people than the crew limit are in the hall while the burner is lit",
        id="a crowd around a flame",
    ),
    pytest.param(
        {"/thermostats/th_1/zone": "z_9"},
        "every thermostat belongs to a zone that exists",
        id="a thermostat nowhere",
    ),
    pytest.param(
        {"/zones/z_3/people": 1},
        "a zone is occupied exactly when people are counted in it",
        id="a person in an empty zone",
    ),
    pytest.param(
        {"/zones/z_3/occupied": True},
        "a zone is occupied exactly when people are counted in it",
        id="nobody in an occupied zone",
    ),
    pytest.param(
        {"/alarms/al_1/zone": "z_9"},
        "every alarm belongs to a zone that exists",
        id="an alarm nowhere",
    ),
    pytest.param(
        {"/alarms/al_3": {**GAS, "zone": "z_2"}},
        "a zone with an active critical alarm is locked",
        id="an open zone with a critical alarm",
    ),
]


@pytest.mark.parametrize(("changes", "message"), BROKEN)
def test_state_that_breaks_an_invariant_is_named(
    plant: Plant, changes: JsonObject, message: str
) -> None:
    """A state that must not be is refused with the sentence of its invariant."""
    problems = plant.sandbox.compiled.state_problems(plant.document(changes))

    assert problems == (f"invariant does not hold: {message}",)


def test_every_invariant_is_broken_above() -> None:
    """A new invariant can't come without a state that breaks it."""
    declared = {rule.message for component in COMPONENTS for rule in component.invariants}

    assert {case.values[1] for case in BROKEN} == declared


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({**LIT, "/zones/z_1/people": 2}, id="a full crew around a flame"),
        pytest.param({**LIT, "/furnace/setpoint_c": 1100}, id="as hot as it survives"),
        pytest.param({"/alarms/al_3": GAS}, id="a critical alarm in a locked zone"),
        pytest.param(
            {"/alarms/al_3": {**GAS, "zone": "z_2", "state": "cleared"}},
            id="a critical alarm that is over",
        ),
        pytest.param({"/furnace/door": "open", **MAINTAINED}, id="maintenance at an open door"),
    ],
)
def test_state_at_the_edge_of_the_rules_is_sound(plant: Plant, changes: JsonObject) -> None:
    """The invariants forbid no more than they say."""
    assert plant.sandbox.compiled.state_problems(plant.document(changes)) == ()


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"/furnace/door": "ajar"}, id="a door that is neither"),
        pytest.param({"/zones/hall": {}}, id="an id without its prefix"),
        pytest.param({"/zones/z_1/people": -1}, id="fewer than nobody"),
        pytest.param({"/thermostats/th_1/target_c": 20.2}, id="a target between the steps"),
        pytest.param({"/alarms/al_1/note": "x"}, id="a property that is not declared"),
    ],
)
def test_state_that_breaks_its_schema_is_refused(plant: Plant, changes: JsonObject) -> None:
    """The schemas are strict."""
    assert plant.sandbox.compiled.state_problems(plant.document(changes))


def test_initial_state_is_small_enough_to_show(plant: Plant) -> None:
    """The whole state fits into a prompt."""
    assert len(canonical_bytes(plant.document({}))) <= LARGEST_STATE_BYTES
