"""Prove that the chamber is opened, vented and maintained only when it is safe."""

from __future__ import annotations

import pytest

from runtime.public import JsonObject, ReasonCode
from tests.unit.runtime.plugins.stdlib.facility.plant import (
    ADMIN,
    HOT,
    LIT,
    MAINTAINED,
    OPERATOR,
    STOPPED,
    TECHNICIAN,
    Plant,
)

DONE = [
    pytest.param(
        "furnace.vent",
        {},
        OPERATOR,
        {**HOT, "/furnace/temperature_c": 600},
        {"/furnace/state": "off", "/furnace/temperature_c": 40},
        id="vent a cooling furnace",
    ),
    pytest.param(
        "furnace.vent",
        {},
        OPERATOR,
        {**HOT, **STOPPED},
        {"/furnace/state": "emergency_stopped", "/furnace/temperature_c": 40},
        id="venting does not release the latch",
    ),
    pytest.param(
        "furnace.open_door",
        {},
        OPERATOR,
        {"/furnace/temperature_c": 79.5},
        {"/furnace/door": "open"},
        id="open a cool chamber",
    ),
    pytest.param(
        "furnace.close_door",
        {},
        OPERATOR,
        {"/furnace/door": "open"},
        {"/furnace/door": "closed"},
        id="close the door",
    ),
    pytest.param(
        "maintenance.start",
        {"work_order": "WO-2041"},
        TECHNICIAN,
        {},
        MAINTAINED,
        id="start maintenance",
    ),
    pytest.param(
        "maintenance.finish",
        {},
        TECHNICIAN,
        MAINTAINED,
        {"/furnace/maintenance": False, "/furnace/work_order": None},
        id="finish maintenance",
    ),
]

REFUSED = [
    pytest.param(
        "furnace.vent",
        {},
        LIT,
        "the burner must be out; shut the furnace down first",
        id="vent a flame",
    ),
    pytest.param(
        "furnace.vent",
        {},
        {**HOT, "/furnace/temperature_c": 40},
        "the chamber must be above 40 degrees Celsius",
        id="vent a cold chamber",
    ),
    pytest.param(
        "furnace.vent",
        {},
        {**HOT, "/furnace/temperature_c": 600.5},
        "the chamber must have cooled to 600 degrees Celsius by itself",
        id="vent a glowing chamber",
    ),
    pytest.param(
        "furnace.vent",
        {},
        {**HOT, "/furnace/door": "open"},
        "the chamber door must be closed",
        id="vent with an open door",
    ),
    pytest.param(
        "furnace.open_door",
        {},
        {"/furnace/door": "open"},
        "the chamber door must be closed",
        id="open an open door",
    ),
    pytest.param(
        "furnace.open_door",
        {},
        {**LIT, "/furnace/temperature_c": 30},
        "the burner must be out; shut the furnace down first",
        id="open on a flame",
    ),
    pytest.param(
        "furnace.open_door",
        {},
        {**HOT, "/furnace/temperature_c": 80},
        "the chamber must be below 80 degrees Celsius; vent it first",
        id="open a hot chamber",
    ),
    pytest.param(
        "furnace.close_door",
        {},
        {},
        "the door must be open",
        id="close a closed door",
    ),
    pytest.param(
        "maintenance.start",
        {"work_order": "WO-2041"},
        MAINTAINED,
        "no other maintenance must be running",
        id="start it twice",
    ),
    pytest.param(
        "maintenance.start",
        {"work_order": "WO-2041"},
        {**LIT, "/furnace/temperature_c": 30},
        "the burner must be out; shut the furnace down first",
        id="start it on a flame",
    ),
    pytest.param(
        "maintenance.start",
        {"work_order": "WO-2041"},
        {**HOT, "/furnace/temperature_c": 80},
        "the chamber must be below 80 degrees Celsius; vent it first",
        id="start it on a hot chamber",
    ),
    pytest.param(
        "maintenance.finish",
        {},
        {},
        "maintenance must be running",
        id="finish what does not run",
    ),
    pytest.param(
        "maintenance.finish",
        {},
        {**MAINTAINED, "/furnace/door": "open"},
        "the chamber door must be closed",
        id="finish with an open door",
    ),
]


@pytest.mark.parametrize(("action", "inputs", "roles", "changes", "leaves"), DONE)
def test_step_leaves_the_state_that_it_promises(
    plant: Plant,
    action: str,
    inputs: JsonObject,
    roles: tuple[str, ...],
    changes: JsonObject,
    leaves: JsonObject,
) -> None:
    """An allowed step is done and changes nothing else."""
    plant.assert_does(plant.moment(changes, roles=roles), action, inputs, leaves=leaves)


@pytest.mark.parametrize(("action", "inputs", "changes", "message"), REFUSED)
def test_unmet_precondition_is_refused_in_words(
    plant: Plant, action: str, inputs: JsonObject, changes: JsonObject, message: str
) -> None:
    """A step whose ground is missing is refused with the sentence of that precondition."""
    moment = plant.moment(changes, roles=("admin", "technician"))

    refusal = plant.refusal(moment, action, inputs)

    assert (refusal.code, refusal.expected) == (ReasonCode.PRECONDITION_UNMET, message)


def test_every_precondition_is_refused_above(plant: Plant) -> None:
    """A new precondition can't come without its refusal."""
    tabled = {(case.values[0], case.values[3]) for case in REFUSED}

    assert tabled == plant.preconditions(
        "furnace.vent", "furnace.open_door", "furnace.close_door", "maintenance"
    )


@pytest.mark.parametrize(
    ("action", "inputs", "changes"),
    [
        pytest.param("maintenance.start", {"work_order": "WO-2041"}, {}, id="start"),
        pytest.param("maintenance.finish", {}, MAINTAINED, id="finish"),
    ],
)
def test_maintenance_belongs_to_technicians(
    plant: Plant, action: str, inputs: JsonObject, changes: JsonObject
) -> None:
    """An operator who is no technician is refused by role; an admin is not."""
    refusal = plant.refusal(plant.moment(changes, roles=OPERATOR), action, inputs)
    allowed = plant.run(plant.moment(changes, roles=ADMIN), action, inputs)

    assert refusal.code is ReasonCode.ROLE_MISSING
    assert allowed.outcome.refusal is None


@pytest.mark.parametrize("work_order", ["2041", "WO-204", "wo-2041", "WO-20411"])
def test_work_order_has_its_form(plant: Plant, work_order: str) -> None:
    """A number that is no work order is refused by the schema."""
    moment = plant.moment({}, roles=TECHNICIAN)

    refusal = plant.refusal(moment, "maintenance.start", {"work_order": work_order})

    assert refusal.code is ReasonCode.INPUT_INVALID
