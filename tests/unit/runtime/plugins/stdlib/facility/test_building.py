"""Prove what thermostats, zones and alarms accept, and what they refuse."""

from __future__ import annotations

import pytest

from runtime.public import JsonObject, ReasonCode
from tests.unit.runtime.plugins.stdlib.facility.plant import ADMIN, GAS, LIT, OPERATOR, Plant

DONE = [
    pytest.param(
        "thermostat.set_target",
        {"thermostat": "th_1", "target_c": 21.5},
        OPERATOR,
        {},
        {"/thermostats/th_1/target_c": 21.5},
        id="a target in half degrees",
    ),
    pytest.param(
        "thermostat.set_mode",
        {"thermostat": "th_4", "mode": "auto"},
        OPERATOR,
        {},
        {"/thermostats/th_4/mode": "auto", "/thermostats/th_4/target_c": 12},
        id="a mode keeps the target",
    ),
    pytest.param(
        "zone.set_access",
        {"zone": "z_5", "access": "unlocked"},
        OPERATOR,
        {},
        {"/zones/z_5/access": "unlocked"},
        id="unlock beside a warning",
    ),
    pytest.param(
        "zone.set_access",
        {"zone": "z_1", "access": "locked"},
        OPERATOR,
        LIT,
        {"/zones/z_1/access": "locked"},
        id="lock the hall of a lit furnace again",
    ),
    pytest.param(
        "zone.set_access",
        {"zone": "z_2", "access": "unlocked"},
        OPERATOR,
        {**LIT, "/alarms/al_3": GAS, "/zones/z_2/access": "locked"},
        {"/zones/z_2/access": "unlocked"},
        id="unlock another zone than the hall and the alarm's",
    ),
    pytest.param(
        "zone.set_access",
        {"zone": "z_5", "access": "unlocked"},
        OPERATOR,
        {"/alarms/al_3": {**GAS, "state": "acknowledged"}},
        {"/zones/z_5/access": "unlocked"},
        id="unlock once a critical alarm is looked after",
    ),
    pytest.param(
        "alarm.acknowledge",
        {"alarm": "al_1"},
        OPERATOR,
        {},
        {"/alarms/al_1/state": "acknowledged"},
        id="acknowledge",
    ),
    pytest.param(
        "alarm.clear",
        {"alarm": "al_1"},
        OPERATOR,
        {"/alarms/al_1/state": "acknowledged"},
        {"/alarms/al_1/state": "cleared"},
        id="clear what is acknowledged and gone",
    ),
    pytest.param("diagnostics.dump", {}, ADMIN, {}, {}, id="dump, with its default"),
]

REFUSED = [
    pytest.param(
        "thermostat.set_target",
        {"thermostat": "th_9", "target_c": 20},
        {},
        "the thermostat must exist",
        id="a target for nothing",
    ),
    pytest.param(
        "thermostat.set_target",
        {"thermostat": "th_4", "target_c": 20},
        {},
        "the thermostat must not be off; set its mode to manual or auto first",
        id="a target for what is off",
    ),
    pytest.param(
        "thermostat.set_mode",
        {"thermostat": "th_9", "mode": "auto"},
        {},
        "the thermostat must exist",
        id="a mode for nothing",
    ),
    pytest.param(
        "zone.set_access",
        {"zone": "z_9", "access": "locked"},
        {},
        "the zone must exist",
        id="lock nothing",
    ),
    pytest.param(
        "zone.set_access",
        {"zone": "z_1", "access": "unlocked"},
        LIT,
        "the furnace hall must stay locked while the burner is lit",
        id="unlock the hall of a lit furnace",
    ),
    pytest.param(
        "zone.set_access",
        {"zone": "z_5", "access": "unlocked"},
        {"/alarms/al_3": GAS},
        "a zone with an active critical alarm must stay locked",
        id="unlock a zone full of gas",
    ),
    pytest.param(
        "alarm.acknowledge",
        {"alarm": "al_9"},
        {},
        "the alarm must exist",
        id="acknowledge nothing",
    ),
    pytest.param(
        "alarm.acknowledge",
        {"alarm": "al_2"},
        {},
        "the alarm must be active",
        id="acknowledge twice",
    ),
    pytest.param(
        "alarm.clear",
        {"alarm": "al_9"},
        {},
        "the alarm must exist",
        id="clear nothing",
    ),
    pytest.param(
        "alarm.clear",
        {"alarm": "al_1"},
        {},
        "the alarm must be acknowledged first",
        id="clear what nobody has seen",
    ),
    pytest.param(
        "alarm.clear",
        {"alarm": "al_2"},
        {},
        "the cause of the alarm must be gone",
        id="clear what is still there",
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

    assert tabled == plant.preconditions("thermostat", "zone", "alarm", "diagnostics")


@pytest.mark.parametrize("target", [4.5, 30.5, 21.3, "21"])
def test_room_target_is_half_degrees_between_five_and_thirty(
    plant: Plant, target: float | str
) -> None:
    """A target that the thermostat can't hold is refused by the schema."""
    moment = plant.moment({}, roles=OPERATOR)

    refusal = plant.refusal(
        moment, "thermostat.set_target", {"thermostat": "th_1", "target_c": target}
    )

    assert refusal.code is ReasonCode.INPUT_INVALID


def test_dump_is_for_developers(plant: Plant) -> None:
    """An operator gets no diagnostics."""
    refusal = plant.refusal(plant.moment({}, roles=OPERATOR), "diagnostics.dump", {})

    assert refusal.code is ReasonCode.ACTION_HIDDEN
