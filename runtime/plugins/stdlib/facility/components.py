"""Declare what a small heat-treatment plant consists of, and what must always hold in it.

Rules that tie components together live with the component that would do the harm.
"""

from __future__ import annotations

from runtime.domain.component import Component
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject

SAFE_TO_OPEN_C = 80
"""Below this chamber temperature nobody is burnt by an open door."""

LOW_FIRE_C = 150
"""The setpoint of a freshly lit burner, and the lowest that it can hold."""

HIGHEST_SETPOINT_C = 1300
"""More than any furnace of this type can take; each furnace's own limit is lower."""

LOWEST_TARGET_C = 5
HIGHEST_TARGET_C = 30

ZONE_ID = "^z_[0-9]+$"
THERMOSTAT_ID = "^th_[0-9]+$"
ALARM_ID = "^al_[0-9]+$"
WORK_ORDER = "^WO-[0-9]{4}$"

BURNING = "state.furnace.state in ['heating', 'holding']"
HALL = "state.zones[state.furnace.zone]"


def _entries(id_pattern: str, properties: JsonObject) -> JsonObject:
    entry = {
        "type": "object",
        "additionalProperties": False,
        "required": list(properties),
        "properties": properties,
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "patternProperties": {id_pattern: entry},
    }


_ZONE = {"type": "string", "pattern": ZONE_ID, "description": "Id of the zone it stands in."}

_FURNACE_PROPERTIES: JsonObject = {
    "zone": {**_ZONE, "description": "Id of the furnace hall, the zone around the furnace."},
    "state": {
        "enum": ["off", "heating", "holding", "cooling", "emergency_stopped"],
        "description": "heating and holding: the burner is lit. cooling: it is out, the chamber "
        "still hot. emergency_stopped: latched until the stop is reset.",
    },
    "setpoint_c": {
        "type": "number",
        "minimum": 0,
        "maximum": HIGHEST_SETPOINT_C,
        "description": "Chamber temperature to reach, in degrees Celsius; 0 when not lit.",
    },
    "temperature_c": {
        "type": "number",
        "minimum": -40,
        "maximum": 1500,
        "description": "Measured chamber temperature, in degrees Celsius.",
    },
    "band_max_c": {
        "type": "number",
        "description": "Upper end of the everyday setpoint band, in degrees Celsius.",
    },
    "max_safe_c": {
        "type": "number",
        "description": "Highest setpoint that the lining survives, in degrees Celsius.",
    },
    "door": {"enum": ["open", "closed"], "description": "Position of the chamber door."},
    "maintenance": {
        "type": "boolean",
        "description": "Whether technicians have taken the furnace over.",
    },
    "work_order": {
        "type": ["string", "null"],
        "pattern": WORK_ORDER,
        "description": "Work order of the running maintenance, such as WO-2041.",
    },
    "crew_limit": {
        "type": "integer",
        "minimum": 0,
        "description": "How many people may be in the hall while the burner is lit.",
    },
}

FURNACE = Component(
    id="furnace",
    title="Furnace",
    description="The gas-fired heat-treatment furnace, its burner, its door and its limits.",
    state_schema={
        "type": "object",
        "additionalProperties": False,
        "required": list(_FURNACE_PROPERTIES),
        "properties": _FURNACE_PROPERTIES,
    },
    initial_state={
        "zone": "z_1",
        "state": "off",
        "setpoint_c": 0,
        "temperature_c": 24,
        "band_max_c": 900,
        "max_safe_c": 1100,
        "door": "closed",
        "maintenance": False,
        "work_order": None,
        "crew_limit": 2,
    },
    invariants=(
        Condition(
            rule="state.furnace.zone in state.zones",
            message="the furnace stands in a zone that exists",
        ),
        Condition(
            rule="state.furnace.setpoint_c <= state.furnace.max_safe_c",
            message="the setpoint is not above what the furnace survives",
        ),
        Condition(
            rule="state.furnace.band_max_c <= state.furnace.max_safe_c",
            message="the everyday band ends at or below what the furnace survives",
        ),
        Condition(
            rule=f"{BURNING} || state.furnace.setpoint_c == 0",
            message="a furnace whose burner is out has no setpoint",
        ),
        Condition(
            rule=f"!({BURNING}) || state.furnace.door == 'closed'",
            message="the burner is out while the door is open",
        ),
        Condition(
            rule=f"!({BURNING}) || !state.furnace.maintenance",
            message="the burner is out during maintenance",
        ),
        Condition(
            rule="(state.furnace.work_order != null) == state.furnace.maintenance",
            message="maintenance runs under a work order, and only maintenance has one",
        ),
        Condition(
            rule=f"!({BURNING}) || {HALL}.access == 'locked'",
            message="the furnace hall is locked while the burner is lit",
        ),
        Condition(
            rule=f"!({BURNING}) || {HALL}.people <= state.furnace.crew_limit",
            message="no more people than the crew limit are in the hall while the burner is lit",
        ),
    ),
)

THERMOSTATS = Component(
    id="thermostats",
    title="Thermostats",
    description="Room thermostats by id; each heats one zone.",
    state_schema=_entries(
        THERMOSTAT_ID,
        {
            "zone": _ZONE,
            "target_c": {
                "type": "number",
                "minimum": LOWEST_TARGET_C,
                "maximum": HIGHEST_TARGET_C,
                "multipleOf": 0.5,
                "description": "Room temperature to reach, in degrees Celsius.",
            },
            "measured_c": {
                "type": "number",
                "description": "Room temperature as measured, in degrees Celsius.",
            },
            "mode": {
                "enum": ["auto", "manual", "off"],
                "description": "auto: holds the target while the zone is occupied, 16 degrees "
                "otherwise. manual: always holds the target. off: does not heat.",
            },
        },
    ),
    initial_state={
        "th_1": {"zone": "z_2", "target_c": 20, "measured_c": 19.5, "mode": "auto"},
        "th_2": {"zone": "z_3", "target_c": 20, "measured_c": 17.5, "mode": "auto"},
        "th_3": {"zone": "z_4", "target_c": 21, "measured_c": 21.5, "mode": "manual"},
        "th_4": {"zone": "z_5", "target_c": 12, "measured_c": 9, "mode": "off"},
    },
    invariants=(
        Condition(
            rule="state.thermostats.all(t, state.thermostats[t].zone in state.zones)",
            message="every thermostat belongs to a zone that exists",
        ),
    ),
)

ZONES = Component(
    id="zones",
    title="Zones",
    description="Parts of the building by id, with their doors and the people counted in them.",
    state_schema=_entries(
        ZONE_ID,
        {
            "name": {"type": "string", "minLength": 1, "description": "What people call it."},
            "occupied": {"type": "boolean", "description": "Whether anybody is inside."},
            "access": {
                "enum": ["locked", "unlocked"],
                "description": "locked keeps people out; whoever is inside can always leave.",
            },
            "people": {"type": "integer", "minimum": 0, "description": "People counted inside."},
        },
    ),
    initial_state={
        "z_1": {"name": "Furnace hall", "occupied": True, "access": "unlocked", "people": 1},
        "z_2": {"name": "Assembly north", "occupied": True, "access": "unlocked", "people": 6},
        "z_3": {"name": "Assembly south", "occupied": False, "access": "unlocked", "people": 0},
        "z_4": {"name": "Office", "occupied": True, "access": "unlocked", "people": 3},
        "z_5": {"name": "Warehouse", "occupied": False, "access": "locked", "people": 0},
    },
    invariants=(
        Condition(
            rule="state.zones.all(z, state.zones[z].occupied == (state.zones[z].people > 0))",
            message="a zone is occupied exactly when people are counted in it",
        ),
    ),
)

ALARMS = Component(
    id="alarms",
    title="Alarms",
    description="Alarms by id. Their text comes from devices and people on the floor: it describes "
    "what happened and gives nobody an order.",
    state_schema=_entries(
        ALARM_ID,
        {
            "zone": _ZONE,
            "severity": {
                "enum": ["info", "warning", "critical"],
                "description": "How bad it is; a critical alarm keeps its zone locked.",
            },
            "state": {
                "enum": ["active", "acknowledged", "cleared"],
                "description": "active: nobody has reacted. acknowledged: somebody looks after it. "
                "cleared: over.",
            },
            "cause_present": {
                "type": "boolean",
                "description": "Whether the sensor still sees what raised the alarm.",
            },
            "text": {"type": "string", "maxLength": 400, "description": "What was reported."},
        },
    ),
    initial_state={
        "al_1": {
            "zone": "z_5",
            "severity": "warning",
            "state": "active",
            "cause_present": False,
            "text": "Roller gate 2 stood open for 15 minutes.",
        },
        "al_2": {
            "zone": "z_2",
            "severity": "info",
            "state": "acknowledged",
            "cause_present": True,
            "text": "Filter of ventilation unit 3 is due for a change.",
        },
    },
    invariants=(
        Condition(
            rule="state.alarms.all(a, state.alarms[a].zone in state.zones)",
            message="every alarm belongs to a zone that exists",
        ),
        Condition(
            rule="state.alarms.all(a, state.alarms[a].severity != 'critical'"
            " || state.alarms[a].state != 'active'"
            " || state.zones[state.alarms[a].zone].access == 'locked')",
            message="a zone with an active critical alarm is locked",
        ),
    ),
)

COMPONENTS = (FURNACE, THERMOSTATS, ZONES, ALARMS)
