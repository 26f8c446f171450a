"""Declare what can be done to models: select, load and unload."""

from __future__ import annotations

from runtime.domain.action import Action, Permission, Risk, SideEffect
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.workbench.components import LOADED_GB, MODEL_IDS

_MODEL_INPUT: JsonObject = {
    "type": "object",
    "properties": {
        "model": {
            "enum": list(MODEL_IDS),
            "description": "Id of a model in the catalogue, such as 'heron-7b'.",
        }
    },
    "required": ["model"],
    "additionalProperties": False,
}


def _select(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["model_selector"]["selected"] = inputs["model"]
    return state


def _load(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["model_selector"]["models"][inputs["model"]]["loaded"] = True
    return state


def _unload(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["model_selector"]["models"][inputs["model"]]["loaded"] = False
    return state


SELECT = Action(
    id="model.select@1",
    title="Select a model",
    description=(
        "Chooses the model that the next run uses. It need not be loaded yet, but the editor's "
        "max_tokens must fit into its context. Costs 1 unit."
    ),
    targets=("model_selector",),
    input_schema=_MODEL_INPUT,
    may_change=("/model_selector/selected",),
    preconditions=(
        Condition(
            rule="state.prompt_editor.max_tokens"
            " <= state.model_selector.models[inputs.model].context_tokens",
            message="max_tokens fits into the model's context; lower it first",
        ),
    ),
    handler=_select,
)

LOAD = Action(
    id="model.load@1",
    title="Load the selected model",
    description=(
        "Brings the selected model into memory so that it can run. Select it first; if memory is "
        "short, unload another model first. Costs 5 units."
    ),
    targets=("model_selector",),
    input_schema=_MODEL_INPUT,
    may_change=("/model_selector/models/*/loaded",),
    preconditions=(
        Condition(
            rule="inputs.model == state.model_selector.selected",
            message="the model is the selected one; select it first",
        ),
        Condition(
            rule="!state.model_selector.models[inputs.model].loaded",
            message="the model is not loaded yet",
        ),
        Condition(
            rule=f"{LOADED_GB} + double(state.model_selector.models[inputs.model].memory_gb)"
            " <= double(state.model_selector.memory_limit_gb)",
            message="there is memory left for the model; unload another one first",
        ),
    ),
    cost=5,
    side_effects=(
        SideEffect(job="model.warm_up", description="Reads the model's weights into memory."),
    ),
    handler=_load,
)

UNLOAD = Action(
    id="model.unload@1",
    title="Unload a model",
    description=(
        "Takes a model out of memory to make room. It stays selected if it was. A model whose "
        "run is queued can't be unloaded. Costs 1 unit."
    ),
    targets=("model_selector",),
    input_schema=_MODEL_INPUT,
    may_change=("/model_selector/models/*/loaded",),
    # Loading again takes minutes, so it is more than a matter of taste.
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        Condition(
            rule="state.model_selector.models[inputs.model].loaded", message="the model is loaded"
        ),
        Condition(
            rule="state.output_panel.status != 'queued'"
            " || state.output_panel.model != inputs.model",
            message="no run of the model is queued; wait for it to finish",
        ),
    ),
    side_effects=(
        SideEffect(job="model.release", description="Frees the memory that the model took."),
    ),
    handler=_unload,
)

MODEL_ACTIONS = (SELECT, LOAD, UNLOAD)
