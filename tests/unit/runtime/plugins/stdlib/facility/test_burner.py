"""Prove that the burner is lit only on safe ground and put out at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.public import JsonObject, ReasonCode
from tests.unit.runtime.plugins.stdlib.facility.plant import (
    ADMIN,
    DEVELOPER,
    GAS,
    HOT,
    LIT,
    LOCKED,
    MAINTAINED,
    OPERATOR,
    STOPPED,
    Plant,
)

DONE = [
    pytest.param(
        "furnace.ignite",
        {},
        ADMIN,
        LOCKED,
        {"/furnace/state": "heating", "/furnace/setpoint_c": 150},
        id="light a cold furnace",
    ),
    pytest.param(
        "furnace.ignite",
        {},
        ADMIN,
        {**LOCKED, **HOT, "/zones/z_1/people": 2, "/alarms/al_3": {**GAS, "state": "cleared"}},
        {"/furnace/state": "holding", "/furnace/setpoint_c": 150},
        id="light a hot furnace with a full crew after an alarm",
    ),
    pytest.param(
        "furnace.set_setpoint",
        {"setpoint_c": 900},
        OPERATOR,
        LIT,
        {"/furnace/state": "heating", "/furnace/setpoint_c": 900},
        id="up to the end of the band",
    ),
    pytest.param(
        "furnace.set_setpoint",
        {"setpoint_c": 700},
        OPERATOR,
        {**LIT, "/furnace/setpoint_c": 650},
        {"/furnace/state": "holding", "/furnace/setpoint_c": 700},
        id="to the very temperature that is measured",
    ),
    pytest.param(
        "furnace.set_setpoint_over_band",
        {"setpoint_c": 1100},
        ADMIN,
        LIT,
        {"/furnace/state": "heating", "/furnace/setpoint_c": 1100},
        id="up to what the furnace survives",
    ),
    pytest.param(
        "furnace.shut_down",
        {},
        OPERATOR,
        LIT,
        {"/furnace/state": "cooling", "/furnace/setpoint_c": 0},
        id="shut a hot furnace down",
    ),
    pytest.param(
        "furnace.shut_down",
        {},
        OPERATOR,
        {**LIT, "/furnace/temperature_c": 80},
        {"/furnace/state": "cooling", "/furnace/setpoint_c": 0},
        id="shut a furnace down that is just too hot to open",
    ),
    pytest.param(
        "furnace.shut_down",
        {},
        OPERATOR,
        {**LIT, "/furnace/temperature_c": 79.5},
        {"/furnace/state": "off", "/furnace/setpoint_c": 0},
        id="shut a cold furnace down",
    ),
    pytest.param(
        "furnace.reset_emergency",
        {},
        ADMIN,
        STOPPED,
        {"/furnace/state": "off"},
        id="reset a cold furnace",
    ),
    pytest.param(
        "furnace.reset_emergency",
        {},
        DEVELOPER,
        {**STOPPED, "/furnace/temperature_c": 80},
        {"/furnace/state": "cooling"},
        id="reset a hot furnace as a developer",
    ),
]

REFUSED = [
    pytest.param(
        "furnace.ignite",
        {},
        LIT,
        "the furnace must be off or cooling, neither lit nor emergency-stopped",
        id="light a lit furnace",
    ),
    pytest.param(
        "furnace.ignite",
        {},
        {**LOCKED, **STOPPED},
        "the furnace must be off or cooling, neither lit nor emergency-stopped",
        id="light a latched furnace",
    ),
    pytest.param(
        "furnace.ignite",
        {},
        {**LOCKED, "/furnace/door": "open"},
        "the chamber door must be closed",
        id="light with an open door",
    ),
    pytest.param(
        "furnace.ignite",
        {},
        {**LOCKED, **MAINTAINED},
        "maintenance of the furnace must be finished",
        id="light during maintenance",
    ),
    pytest.param(
        "furnace.ignite",
        {},
        {},
        "the furnace hall must be locked",
        id="light beside an unlocked hall",
    ),
    pytest.param(
        "furnace.ignite",
        {},
        {**LOCKED, "/zones/z_1/people": 3},
        "the furnace hall must not hold more people than the crew limit",
        id="light with one person too many",
    ),
    pytest.param(
        "furnace.ignite",
        {},
        {**LOCKED, "/alarms/al_3": GAS},
        "every critical alarm of the plant must be cleared",
        id="light beside an active critical alarm",
    ),
    pytest.param(
        "furnace.ignite",
        {},
        {**LOCKED, "/alarms/al_3": {**GAS, "state": "acknowledged"}},
        "every critical alarm of the plant must be cleared",
        id="light beside an acknowledged critical alarm",
    ),
    pytest.param(
        "furnace.set_setpoint",
        {"setpoint_c": 500},
        HOT,
        "the burner must be lit; ignite the furnace first",
        id="a setpoint without a flame",
    ),
    pytest.param(
        "furnace.set_setpoint",
        {"setpoint_c": 900.5},
        LIT,
        "the setpoint must be within the everyday band, at or below band_max_c",
        id="half a degree above the band",
    ),
    pytest.param(
        "furnace.set_setpoint",
        {"setpoint_c": 750},
        {**LIT, "/furnace/band_max_c": 700},
        "the setpoint must be within the everyday band, at or below band_max_c",
        id="above a lowered band",
    ),
    pytest.param(
        "furnace.set_setpoint_over_band",
        {"setpoint_c": 1000},
        HOT,
        "the burner must be lit; ignite the furnace first",
        id="a high setpoint without a flame",
    ),
    pytest.param(
        "furnace.set_setpoint_over_band",
        {"setpoint_c": 900},
        LIT,
        "the setpoint must be above the everyday band; use furnace.set_setpoint for one within it",
        id="the end of the band is within it",
    ),
    pytest.param(
        "furnace.set_setpoint_over_band",
        {"setpoint_c": 1100.5},
        LIT,
        "the setpoint must not be above the furnace's max_safe_c",
        id="more than the lining survives",
    ),
    pytest.param(
        "furnace.shut_down",
        {},
        {},
        "the burner must be lit; ignite the furnace first",
        id="shut down what is off",
    ),
    pytest.param(
        "furnace.reset_emergency",
        {},
        {},
        "the furnace must be emergency-stopped",
        id="reset what is not latched",
    ),
    pytest.param(
        "furnace.reset_emergency",
        {},
        {**STOPPED, "/alarms/al_3": GAS},
        "every critical alarm of the plant must be cleared",
        id="reset beside an active critical alarm",
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
        "furnace.ignite",
        "furnace.set_setpoint",
        "furnace.shut_down",
        "furnace.emergency_stop",
        "furnace.reset",
    )


@pytest.mark.parametrize("roles", [OPERATOR, ADMIN], ids=["operator", "admin"])
@pytest.mark.parametrize("state", ["off", "heating", "holding", "cooling", "emergency_stopped"])
def test_emergency_stop_asks_nobody_and_nothing(
    plant: Plant, state: str, roles: tuple[str, ...]
) -> None:
    """The stop runs in any state, alone on shift, with the budget used up."""
    setpoint = 700 if state in {"heating", "holding"} else 0
    changes: JsonObject = {**LIT, "/furnace/state": state, "/furnace/setpoint_c": setpoint}
    moment = plant.moment(changes, roles=roles, people=False, spent=200)

    plant.assert_does(
        moment,
        "furnace.emergency_stop",
        {},
        leaves={"/furnace/state": "emergency_stopped", "/furnace/setpoint_c": 0},
    )


@pytest.mark.parametrize("action", ["furnace.emergency_stop", "furnace.shut_down"])
def test_viewer_stops_nothing(plant: Plant, action: str) -> None:
    """Even a safe step takes a role that may act."""
    refusal = plant.refusal(plant.moment(LIT, roles=("viewer",)), action, {})

    assert refusal.code is ReasonCode.RISK_TOO_HIGH


@pytest.mark.parametrize(
    ("action", "inputs", "changes"),
    [
        pytest.param("furnace.ignite", {}, LOCKED, id="light"),
        pytest.param(
            "furnace.set_setpoint_over_band", {"setpoint_c": 950}, LIT, id="leave the band"
        ),
    ],
)
def test_high_risk_is_beyond_an_operator_and_an_admin_alone(
    plant: Plant, action: str, inputs: JsonObject, changes: JsonObject
) -> None:
    """An operator may not, and an admin needs their own yes and a colleague's."""
    operator = plant.moment(changes, roles=OPERATOR)
    nobody = plant.moment(changes, roles=ADMIN, people=False)
    alone = replace(nobody, confirms=True)

    codes = [plant.refusal(moment, action, inputs).code for moment in (operator, nobody, alone)]

    assert codes == [
        ReasonCode.RISK_TOO_HIGH,
        ReasonCode.CONFIRMATION_REQUIRED,
        ReasonCode.APPROVAL_REQUIRED,
    ]


def test_reset_needs_two_people_and_is_hidden_from_operators(plant: Plant) -> None:
    """The latch is released by a developer or admin, with a confirmation and an approval."""
    action = "furnace.reset_emergency"
    operator = plant.moment(STOPPED, roles=OPERATOR)
    nobody = plant.moment(STOPPED, roles=DEVELOPER, people=False)
    alone = replace(nobody, confirms=True)

    codes = [plant.refusal(moment, action, {}).code for moment in (operator, nobody, alone)]

    assert codes == [
        ReasonCode.ACTION_HIDDEN,
        ReasonCode.CONFIRMATION_REQUIRED,
        ReasonCode.APPROVAL_REQUIRED,
    ]
