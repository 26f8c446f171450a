"""Declare what can be done to the furnace's chamber: vent it, open it, maintain it."""

from __future__ import annotations

from runtime.domain.action import Action, Permission, Risk, SideEffect
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.facility.components import BURNING, SAFE_TO_OPEN_C, WORK_ORDER

VENTED_C = 40
HOTTEST_VENT_C = 600

_NO_INPUTS: JsonObject = {"type": "object", "additionalProperties": False, "properties": {}}

_DRIVE_LOCK = SideEffect(
    job="door.drive_lock", description="Moves the bolt and the drive of the chamber door."
)
_PLAN_SHIFT = SideEffect(
    job="facility.notify_shift_lead",
    description="Tells the shift lead whether the furnace is available.",
)
_DOOR_CLOSED = Condition(
    rule="state.furnace.door == 'closed'", message="the chamber door must be closed"
)
_BURNER_OUT = Condition(
    rule=f"!({BURNING})", message="the burner must be out; shut the furnace down first"
)
_COOL_ENOUGH = Condition(
    rule=f"state.furnace.temperature_c < {SAFE_TO_OPEN_C}",
    message=f"the chamber must be below {SAFE_TO_OPEN_C} degrees Celsius; vent it first",
)


def vent(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Blow the chamber cool."""
    furnace = state["furnace"]
    furnace["temperature_c"] = VENTED_C
    if furnace["state"] == "cooling":
        furnace["state"] = "off"
    return state


def open_door(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Open the chamber door."""
    state["furnace"]["door"] = "open"
    return state


def close_door(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Close the chamber door."""
    state["furnace"]["door"] = "closed"
    return state


def start_maintenance(inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Hand the furnace to the technicians."""
    state["furnace"]["maintenance"] = True
    state["furnace"]["work_order"] = inputs["work_order"]
    return state


def finish_maintenance(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    """Take the furnace back from the technicians."""
    state["furnace"]["maintenance"] = False
    state["furnace"]["work_order"] = None
    return state


VENT = Action(
    id="furnace.vent@1",
    title="Vent the furnace",
    description=f"Blow filtered air through the chamber until it is at {VENTED_C} degrees Celsius. "
    f"The burner must be out and the chamber at or below {HOTTEST_VENT_C} degrees, or the lining "
    "cracks. Costs 10 energy units.",
    targets=("furnace",),
    input_schema=_NO_INPUTS,
    may_change=("/furnace/state", "/furnace/temperature_c"),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        _BURNER_OUT,
        Condition(
            rule=f"state.furnace.temperature_c > {VENTED_C}",
            message=f"the chamber must be above {VENTED_C} degrees Celsius",
        ),
        Condition(
            rule=f"state.furnace.temperature_c <= {HOTTEST_VENT_C}",
            message=f"the chamber must have cooled to {HOTTEST_VENT_C} degrees Celsius by itself",
        ),
        _DOOR_CLOSED,
    ),
    cost=10,
    side_effects=(
        SideEffect(job="furnace.drive_fan", description="Runs the purge fan until it is done."),
    ),
    handler=vent,
)

OPEN_DOOR = Action(
    id="furnace.open_door@1",
    title="Open the furnace door",
    description="Open the chamber door, to load or unload. The burner must be out and the chamber "
    f"below {SAFE_TO_OPEN_C} degrees Celsius. Costs 1 energy unit.",
    targets=("furnace",),
    input_schema=_NO_INPUTS,
    may_change=("/furnace/door",),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        _DOOR_CLOSED,
        _BURNER_OUT,
        _COOL_ENOUGH,
    ),
    cost=1,
    side_effects=(_DRIVE_LOCK,),
    handler=open_door,
)

CLOSE_DOOR = Action(
    id="furnace.close_door@1",
    title="Close the furnace door",
    description="Close and bolt the chamber door. Costs 1 energy unit.",
    targets=("furnace",),
    input_schema=_NO_INPUTS,
    may_change=("/furnace/door",),
    preconditions=(
        Condition(rule="state.furnace.door == 'open'", message="the door must be open"),
    ),
    cost=1,
    side_effects=(_DRIVE_LOCK,),
    handler=close_door,
)

START_MAINTENANCE = Action(
    id="maintenance.start@1",
    title="Start furnace maintenance",
    description="Hand the furnace over to the technicians under a work order; it can't be lit "
    "until maintenance.finish. The burner must be out and the chamber cool. Only a technician or "
    "admin may do it. Costs 2 energy units.",
    targets=("furnace",),
    input_schema={
        "type": "object",
        "additionalProperties": False,
        "required": ["work_order"],
        "properties": {
            "work_order": {
                "type": "string",
                "pattern": WORK_ORDER,
                "description": "Number of the work order that asks for it, such as WO-2041.",
                "examples": ["WO-2041"],
            },
        },
    },
    may_change=("/furnace/maintenance", "/furnace/work_order"),
    permission=Permission(risk=Risk.MEDIUM, roles=("technician", "admin")),
    preconditions=(
        Condition(
            rule="!state.furnace.maintenance", message="no other maintenance must be running"
        ),
        _BURNER_OUT,
        _COOL_ENOUGH,
    ),
    cost=2,
    side_effects=(_PLAN_SHIFT,),
    handler=start_maintenance,
)

FINISH_MAINTENANCE = Action(
    id="maintenance.finish@1",
    title="Finish furnace maintenance",
    description="Take the furnace back from the technicians once the work is done; the chamber "
    "door must be closed. Only a technician or admin may do it. Costs 2 energy units.",
    targets=("furnace",),
    input_schema=_NO_INPUTS,
    may_change=("/furnace/maintenance", "/furnace/work_order"),
    permission=Permission(risk=Risk.MEDIUM, roles=("technician", "admin")),
    preconditions=(
        Condition(rule="state.furnace.maintenance", message="maintenance must be running"),
        _DOOR_CLOSED,
    ),
    cost=2,
    side_effects=(_PLAN_SHIFT,),
    handler=finish_maintenance,
)

CHAMBER_ACTIONS = (VENT, OPEN_DOOR, CLOSE_DOOR, START_MAINTENANCE, FINISH_MAINTENANCE)
