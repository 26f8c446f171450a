"""Declare what can be done around the furnace: thermostats, zones, alarms and diagnostics."""

from __future__ import annotations

from runtime.domain.action import Action, Permission, Risk, SideEffect, Visibility
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.facility.components import (
    ALARM_ID,
    BURNING,
    HIGHEST_TARGET_C,
    LOWEST_TARGET_C,
    THERMOSTAT_ID,
    ZONE_ID,
)

_THERMOSTAT: JsonObject = {
    "type": "string",
    "pattern": THERMOSTAT_ID,
    "description": "Id of the thermostat, such as th_1.",
    "examples": ["th_1"],
}
_ALARM_INPUT: JsonObject = {
    "type": "object",
    "additionalProperties": False,
    "required": ["alarm"],
    "properties": {
        "alarm": {
            "type": "string",
            "pattern": ALARM_ID,
            "description": "Id of the alarm, such as al_1.",
            "examples": ["al_1"],
        },
    },
}
_SEND_TO_VALVE = SideEffect(
    job="thermostat.send_settings", description="Sends target and mode to the radio thermostat."
)
_KNOWN_THERMOSTAT = Condition(
    rule="inputs.thermostat in state.thermostats", message="the thermostat must exist"
)
_KNOWN_ALARM = Condition(rule="inputs.alarm in state.alarms", message="the alarm must exist")


def set_target(inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Give a thermostat another room temperature."""
    state["thermostats"][inputs["thermostat"]]["target_c"] = inputs["target_c"]
    return state


def set_mode(inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Switch a thermostat to another mode."""
    state["thermostats"][inputs["thermostat"]]["mode"] = inputs["mode"]
    return state


def set_access(inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Lock or unlock a zone."""
    state["zones"][inputs["zone"]]["access"] = inputs["access"]
    return state


def acknowledge(inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Record that somebody looks after an alarm."""
    state["alarms"][inputs["alarm"]]["state"] = "acknowledged"
    return state


def clear(inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Record that an alarm is over."""
    state["alarms"][inputs["alarm"]]["state"] = "cleared"
    return state


def dump(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Change nothing; the dump itself is a job."""
    return state


SET_TARGET = Action(
    id="thermostat.set_target@1",
    title="Set a room temperature",
    description="Set the temperature that a thermostat holds in its zone. The thermostat must not "
    "be off; switch it on with thermostat.set_mode first. Does nothing to the furnace. "
    "Costs 3 energy units.",
    targets=("thermostats",),
    input_schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["thermostat", "target_c"],
        "properties": {
            "thermostat": _THERMOSTAT,
            "target_c": {
                "type": "number",
                "minimum": LOWEST_TARGET_C,
                "maximum": HIGHEST_TARGET_C,
                "multipleOf": 0.5,
                "description": "New target in degrees Celsius, in steps of half a degree, such as "
                "21.5. 'Warmer' and 'colder' count from the present target.",
                "examples": [21.5],
            },
        },
    },
    may_change=("/thermostats/*/target_c",),
    preconditions=(
        _KNOWN_THERMOSTAT,
        Condition(
            rule="state.thermostats[inputs.thermostat].mode != 'off'",
            message="the thermostat must not be off; set its mode to manual or auto first",
        ),
    ),
    cost=3,
    side_effects=(_SEND_TO_VALVE,),
    handler=set_target,
)

SET_MODE = Action(
    id="thermostat.set_mode@1",
    title="Switch a thermostat's mode",
    description="Switch a thermostat: auto holds the target while the zone is occupied and 16 "
    "degrees Celsius otherwise, manual always holds the target, off does not heat. The target is "
    "kept. Costs 1 energy unit.",
    targets=("thermostats",),
    input_schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["thermostat", "mode"],
        "properties": {
            "thermostat": _THERMOSTAT,
            "mode": {
                "enum": ["auto", "manual", "off"],
                "description": "The new mode, such as auto.",
                "examples": ["auto"],
            },
        },
    },
    may_change=("/thermostats/*/mode",),
    preconditions=(_KNOWN_THERMOSTAT,),
    cost=1,
    side_effects=(_SEND_TO_VALVE,),
    handler=set_mode,
)

SET_ACCESS = Action(
    id="zone.set_access@1",
    title="Lock or unlock a zone",
    description="Lock a zone to keep people out (whoever is inside can always leave), or unlock "
    "it. A zone with an active critical alarm stays locked, and so does the furnace hall while "
    "the burner is lit. Costs 1 energy unit.",
    targets=("zones", "furnace", "alarms"),
    input_schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["zone", "access"],
        "properties": {
            "zone": {
                "type": "string",
                "pattern": ZONE_ID,
                "description": "Id of the zone, such as z_1.",
                "examples": ["z_1"],
            },
            "access": {
                "enum": ["locked", "unlocked"],
                "description": "What the zone's doors are to be, such as locked.",
                "examples": ["locked"],
            },
        },
    },
    may_change=("/zones/*/access",),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        Condition(rule="inputs.zone in state.zones", message="the zone must exist"),
        Condition(
            rule=f"inputs.access == 'locked' || inputs.zone != state.furnace.zone || !({BURNING})",
            message="the furnace hall must stay locked while the burner is lit",
        ),
        Condition(
            rule="inputs.access == 'locked' || !state.alarms.exists(a,"
            " state.alarms[a].zone == inputs.zone && state.alarms[a].severity == 'critical'"
            " && state.alarms[a].state == 'active')",
            message="a zone with an active critical alarm must stay locked",
        ),
    ),
    cost=1,
    side_effects=(
        SideEffect(job="zone.drive_locks", description="Moves the locks of the zone's doors."),
    ),
    handler=set_access,
)

ACKNOWLEDGE = Action(
    id="alarm.acknowledge@1",
    title="Acknowledge an alarm",
    description="Record that somebody has seen an active alarm and looks after it. Costs nothing.",
    targets=("alarms",),
    input_schema=_ALARM_INPUT,
    may_change=("/alarms/*/state",),
    preconditions=(
        _KNOWN_ALARM,
        Condition(
            rule="state.alarms[inputs.alarm].state == 'active'",
            message="the alarm must be active",
        ),
    ),
    cost=0,
    side_effects=(
        SideEffect(
            job="facility.notify_shift_lead",
            description="Tells the shift lead who looks after the alarm.",
        ),
    ),
    handler=acknowledge,
)

CLEAR = Action(
    id="alarm.clear@1",
    title="Clear an alarm",
    description="Record that an alarm is over. It must have been acknowledged, and its sensor must "
    "no longer see the cause (cause_present is false). Costs 1 energy unit.",
    targets=("alarms",),
    input_schema=_ALARM_INPUT,
    may_change=("/alarms/*/state",),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        _KNOWN_ALARM,
        Condition(
            rule="state.alarms[inputs.alarm].state == 'acknowledged'",
            message="the alarm must be acknowledged first",
        ),
        Condition(
            rule="!state.alarms[inputs.alarm].cause_present",
            message="the cause of the alarm must be gone",
        ),
    ),
    cost=1,
    side_effects=(
        SideEffect(job="alarm.reset_siren", description="Silences the siren and the lamp."),
    ),
    handler=clear,
)

DUMP = Action(
    id="diagnostics.dump@1",
    title="Dump controller diagnostics",
    description="Collect the controllers' registers and recent log lines for the maker's support. "
    "Changes nothing. Costs 2 energy units.",
    targets=("furnace", "thermostats", "zones", "alarms"),
    input_schema={
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "log_lines": {
                "type": "integer",
                "minimum": 1,
                "maximum": 10000,
                "default": 500,
                "description": "How many of the newest log lines to include, such as 500.",
                "examples": [500],
            },
        },
    },
    may_change=(),
    permission=Permission(visibility=Visibility.DEVELOPER),
    cost=2,
    side_effects=(
        SideEffect(
            job="diagnostics.collect", description="Writes the dump to the plant's own storage."
        ),
    ),
    handler=dump,
)

BUILDING_ACTIONS = (SET_TARGET, SET_MODE, SET_ACCESS, ACKNOWLEDGE, CLEAR, DUMP)
