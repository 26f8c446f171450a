"""Declare what can be done to the furnace's burner.

Stopping is graded the other way round from starting: whatever ends a fire costs nothing, asks
nobody and has as few preconditions as possible, because hesitation is what makes it dangerous.
"""

from __future__ import annotations

from runtime.domain.action import Action, Permission, Risk, SideEffect, Visibility
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.facility.components import (
    BURNING,
    HALL,
    HIGHEST_SETPOINT_C,
    LOW_FIRE_C,
    SAFE_TO_OPEN_C,
)

_NO_INPUTS: JsonObject = {"type": "object", "additionalProperties": False, "properties": {}}
_SETPOINT_INPUT: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["setpoint_c"],
    "properties": {
        "setpoint_c": {
            "type": "number",
            "minimum": LOW_FIRE_C,
            "maximum": HIGHEST_SETPOINT_C,
            "description": "New chamber temperature in degrees Celsius, such as 850; convert "
            "Fahrenheit and kelvin first.",
            "examples": [850],
        },
    },
}

_NOTIFY = SideEffect(
    job="facility.notify_shift_lead",
    description="Sends the shift lead a message about what was done and by whom.",
)
_DRIVE_BURNER = SideEffect(
    job="furnace.drive_burner", description="Hands the new setpoint to the burner controller."
)

_BURNER_LIT = Condition(rule=BURNING, message="the burner must be lit; ignite the furnace first")


def _settle_burner(furnace: JsonObject) -> None:
    below = furnace["temperature_c"] < furnace["setpoint_c"]
    furnace["state"] = "heating" if below else "holding"


def ignite(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Light the burner at low fire."""
    furnace = state["furnace"]
    furnace["setpoint_c"] = LOW_FIRE_C
    _settle_burner(furnace)
    return state


def set_setpoint(inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Give the lit burner another temperature to reach."""
    furnace = state["furnace"]
    furnace["setpoint_c"] = inputs["setpoint_c"]
    _settle_burner(furnace)
    return state


def shut_down(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Put the burner out and let the chamber cool."""
    furnace = state["furnace"]
    furnace["setpoint_c"] = 0
    hot = furnace["temperature_c"] >= SAFE_TO_OPEN_C
    furnace["state"] = "cooling" if hot else "off"
    return state


def emergency_stop(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Cut the gas and latch the furnace."""
    furnace = state["furnace"]
    furnace["setpoint_c"] = 0
    furnace["state"] = "emergency_stopped"
    return state


def reset_emergency(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Release the latch of an emergency stop."""
    furnace = state["furnace"]
    hot = furnace["temperature_c"] >= SAFE_TO_OPEN_C
    furnace["state"] = "cooling" if hot else "off"
    return state


IGNITE = Action(
    id="furnace.ignite@1",
    title="Light the furnace",
    description=f"Light the burner at low fire ({LOW_FIRE_C} degrees Celsius); choose the working "
    "temperature afterwards with furnace.set_setpoint. High risk: only an admin or owner may do it "
    "and must confirm, and a colleague must approve. The door must be closed, the furnace hall "
    "locked and nearly empty, maintenance finished and every critical alarm of the plant cleared. "
    "Costs 40 energy units.",
    targets=("furnace", "zones", "alarms"),
    input_schema=_NO_INPUTS,
    may_change=("/furnace/state", "/furnace/setpoint_c"),
    permission=Permission(risk=Risk.HIGH, confirmation=True, approvals=1),
    preconditions=(
        Condition(
            rule="state.furnace.state in ['off', 'cooling']",
            message="the furnace must be off or cooling, neither lit nor emergency-stopped",
        ),
        Condition(rule="state.furnace.door == 'closed'", message="the chamber door must be closed"),
        Condition(
            rule="!state.furnace.maintenance", message="maintenance of the furnace must be finished"
        ),
        Condition(rule=f"{HALL}.access == 'locked'", message="the furnace hall must be locked"),
        Condition(
            rule=f"{HALL}.people <= state.furnace.crew_limit",
            message="the furnace hall must not hold more people than the crew limit",
        ),
        Condition(
            rule="!state.alarms.exists(a, state.alarms[a].severity == 'critical'"
            " && state.alarms[a].state != 'cleared')",
            message="every critical alarm of the plant must be cleared",
        ),
    ),
    cost=40,
    side_effects=(_DRIVE_BURNER, _NOTIFY),
    handler=ignite,
)

SET_SETPOINT = Action(
    id="furnace.set_setpoint@1",
    title="Set the furnace temperature",
    description="Give the lit burner another temperature, up or down, within the everyday band (up "
    "to the furnace's band_max_c). Above that use furnace.set_setpoint_over_band. "
    "Costs 15 energy units.",
    targets=("furnace",),
    input_schema=_SETPOINT_INPUT,
    may_change=("/furnace/state", "/furnace/setpoint_c"),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        _BURNER_LIT,
        Condition(
            rule="inputs.setpoint_c <= state.furnace.band_max_c",
            message="the setpoint must be within the everyday band, at or below band_max_c",
        ),
    ),
    cost=15,
    side_effects=(_DRIVE_BURNER,),
    handler=set_setpoint,
)

SET_SETPOINT_OVER_BAND = Action(
    id="furnace.set_setpoint_over_band@1",
    title="Set a furnace temperature above the everyday band",
    description="Give the lit burner a temperature above band_max_c, at most max_safe_c. High "
    "risk: it wears the lining; only an admin or owner may do it and must confirm, and a colleague "
    "must approve. For anything within the band use furnace.set_setpoint. Costs 30 energy units.",
    targets=("furnace",),
    input_schema=_SETPOINT_INPUT,
    may_change=("/furnace/state", "/furnace/setpoint_c"),
    permission=Permission(risk=Risk.HIGH, confirmation=True, approvals=1),
    preconditions=(
        _BURNER_LIT,
        Condition(
            rule="inputs.setpoint_c > state.furnace.band_max_c",
            message="the setpoint must be above the everyday band; use furnace.set_setpoint for "
            "one within it",
        ),
        Condition(
            rule="inputs.setpoint_c <= state.furnace.max_safe_c",
            message="the setpoint must not be above the furnace's max_safe_c",
        ),
    ),
    cost=30,
    side_effects=(_DRIVE_BURNER, _NOTIFY),
    handler=set_setpoint,
)

SHUT_DOWN = Action(
    id="furnace.shut_down@1",
    title="Shut the furnace down",
    description="Put the burner out in the ordinary way and let the chamber cool; it can be lit "
    "again. The right choice at the end of a batch. Costs nothing.",
    targets=("furnace",),
    input_schema=_NO_INPUTS,
    may_change=("/furnace/state", "/furnace/setpoint_c"),
    preconditions=(_BURNER_LIT,),
    cost=0,
    side_effects=(_DRIVE_BURNER,),
    handler=shut_down,
)

EMERGENCY_STOP = Action(
    id="furnace.emergency_stop@1",
    title="Stop the furnace in an emergency",
    description="Cut the gas at once and latch the furnace; the batch is lost and a developer or "
    "admin must reset it later. For danger to people or the building (fire, gas, somebody hurt), "
    "not for an ordinary stop. Runs in any state, needs nobody's confirmation and costs nothing.",
    targets=("furnace",),
    input_schema=_NO_INPUTS,
    may_change=("/furnace/state", "/furnace/setpoint_c"),
    permission=Permission(risk=Risk.LOW, urgent=True),
    cost=0,
    side_effects=(
        SideEffect(
            job="furnace.cut_gas", description="Closes both gas valves and checks that they shut."
        ),
        _NOTIFY,
    ),
    handler=emergency_stop,
)

RESET_EMERGENCY = Action(
    id="furnace.reset_emergency@1",
    title="Reset an emergency stop",
    description="Release the latch after the cause of an emergency stop was found and mended. "
    "Costs nothing.",
    targets=("furnace", "alarms"),
    input_schema=_NO_INPUTS,
    may_change=("/furnace/state",),
    permission=Permission(
        risk=Risk.MEDIUM,
        confirmation=True,
        approvals=1,
        roles=("developer", "admin", "owner"),
        visibility=Visibility.DEVELOPER,
    ),
    preconditions=(
        Condition(
            rule="state.furnace.state == 'emergency_stopped'",
            message="the furnace must be emergency-stopped",
        ),
        Condition(
            rule="!state.alarms.exists(a, state.alarms[a].severity == 'critical'"
            " && state.alarms[a].state != 'cleared')",
            message="every critical alarm of the plant must be cleared",
        ),
    ),
    cost=0,
    side_effects=(_NOTIFY,),
    handler=reset_emergency,
)

BURNER_ACTIONS = (
    IGNITE,
    SET_SETPOINT,
    SET_SETPOINT_OVER_BAND,
    SHUT_DOWN,
    EMERGENCY_STOP,
    RESET_EMERGENCY,
)
