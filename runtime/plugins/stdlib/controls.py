"""Offer the plainest parts of a screen: a text field, a slider and a status light.

What a panel of anything needs before it has components of its own.
"""

from __future__ import annotations

from runtime.domain.action import Action
from runtime.domain.component import Component
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.contract import Environment, Plugin

TEXT_FIELD = Component(
    id="text_field",
    title="Text field",
    description="One line or more of text.",
    state_schema={
        "type": "object",
        "properties": {
            "text": {"type": "string", "maxLength": 2_000, "description": "What stands in it."}
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    initial_state={"text": ""},
)

SLIDER = Component(
    id="slider",
    title="Slider",
    description="One number between two ends, moved in whole steps.",
    state_schema={
        "type": "object",
        "properties": {
            "value": {"type": "integer", "description": "Where the slider stands, such as 40."},
            "lowest": {"type": "integer", "description": "Its lower end, such as 0."},
            "highest": {"type": "integer", "description": "Its upper end, such as 100."},
            "step": {
                "type": "integer",
                "minimum": 1,
                "description": "What every value is a multiple of, from the lower end on.",
            },
        },
        "required": ["value", "lowest", "highest", "step"],
        "additionalProperties": False,
    },
    initial_state={"value": 0, "lowest": 0, "highest": 100, "step": 5},
    invariants=(
        Condition(
            rule="state.slider.lowest <= state.slider.value"
            " && state.slider.value <= state.slider.highest",
            message="the slider stands between its ends",
        ),
        Condition(
            rule="(state.slider.value - state.slider.lowest) % state.slider.step == 0",
            message="the slider stands on one of its steps",
        ),
    ),
)

STATUS_LIGHT = Component(
    id="status_light",
    title="Status light",
    description="One light with a sentence beside it.",
    state_schema={
        "type": "object",
        "properties": {
            "level": {
                "enum": ["off", "ready", "busy", "warning", "error"],
                "description": "What the light shows, such as ready.",
            },
            "message": {
                "type": "string",
                "maxLength": 200,
                "description": "The sentence beside it, such as: The oven is warm.",
            },
        },
        "required": ["level", "message"],
        "additionalProperties": False,
    },
    initial_state={"level": "off", "message": ""},
)


def _write(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["text_field"]["text"] = inputs["text"]
    return state


def _move(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["slider"]["value"] = inputs["value"]
    return state


def _show(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["status_light"] = inputs
    return state


WRITE = Action(
    id="text_field.write@1",
    title="Write into the text field",
    description=(
        "Puts a text in the place of what stands in the field; an empty text clears it. Costs 1 "
        "unit."
    ),
    targets=("text_field",),
    input_schema={
        "type": "object",
        "properties": {
            "text": {"type": "string", "maxLength": 2_000, "description": "What to write."}
        },
        "required": ["text"],
        "additionalProperties": False,
    },
    may_change=("/text_field/text",),
    handler=_write,
)

MOVE = Action(
    id="slider.move@1",
    title="Move the slider",
    description="Moves the slider to a value that the person names. Costs 1 unit.",
    targets=("slider",),
    input_schema={
        "type": "object",
        "properties": {
            "value": {"type": "integer", "description": "Where to, on one of its steps, as 45."}
        },
        "required": ["value"],
        "additionalProperties": False,
    },
    may_change=("/slider/value",),
    handler=_move,
)

SHOW = Action(
    id="status_light.show@1",
    title="Set the status light",
    description="Sets the light and the sentence beside it. Costs 1 unit.",
    targets=("status_light",),
    input_schema={
        "type": "object",
        "properties": {
            "level": {
                "enum": ["off", "ready", "busy", "warning", "error"],
                "description": "What the light shows.",
            },
            "message": {
                "type": "string",
                "maxLength": 200,
                "default": "",
                "description": "The sentence beside it.",
            },
        },
        "required": ["level"],
        "additionalProperties": False,
    },
    may_change=("/status_light",),
    handler=_show,
)

PLUGIN = Plugin(
    id="controls",
    version="1.0.0",
    components=(TEXT_FIELD, SLIDER, STATUS_LIGHT),
    actions=(WRITE, MOVE, SHOW),
    environments=(
        Environment(
            id="controls",
            title="Controls",
            description=(
                "You keep a panel with a text field, a slider and a status light. Set them as the "
                "person asks. Ask when the text or the value is missing; never guess it. Decline "
                "anything else."
            ),
        ),
    ),
)
