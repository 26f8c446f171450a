"""Declare what leads to output and away from it: run an inference, clear the panel."""

from __future__ import annotations

from runtime.domain.action import Action, Permission, Risk, SideEffect
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject


def _run(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    panel = state["output_panel"]
    panel["status"] = "queued"
    panel["text"] = ""
    panel["model"] = state["model_selector"]["selected"]
    panel["run_count"] += 1
    return state


def _clear(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["output_panel"].update({"status": "empty", "text": "", "model": None})
    return state


RUN = Action(
    id="inference.run@1",
    title="Run the prompt",
    description=(
        "Queues one run of the prompt on the selected model, which must be loaded. Replaces the "
        "last output. Use it only when the person wants a run. Costs 10 units."
    ),
    targets=("output_panel",),
    input_schema={
        "type": "object",
        "properties": {
            "timeout_seconds": {
                "type": "integer",
                "minimum": 5,
                "maximum": 600,
                "default": 60,
                "description": "Seconds until the run is given up, such as 120 for 2 minutes.",
            }
        },
        "additionalProperties": False,
    },
    may_change=(
        "/output_panel/status",
        "/output_panel/text",
        "/output_panel/model",
        "/output_panel/run_count",
    ),
    permission=Permission(risk=Risk.MEDIUM),
    preconditions=(
        Condition(
            rule="state.model_selector.models[state.model_selector.selected].loaded",
            message="the selected model is loaded; load it first",
        ),
        Condition(
            rule="state.prompt_editor.text != ''",
            message="the prompt is not empty; write one first",
        ),
        Condition(
            rule="state.output_panel.status != 'queued'",
            message="no run is queued; wait for it to finish",
        ),
    ),
    cost=10,
    side_effects=(
        SideEffect(
            job="inference.complete",
            description="Sends the prompt to the model and puts its answer into the output panel.",
        ),
    ),
    handler=_run,
)

CLEAR = Action(
    id="output.clear@1",
    title="Clear the output",
    description=(
        "Removes the last output from the panel; the number of runs stays. A person confirms, "
        "since the text is lost. Costs 1 unit."
    ),
    targets=("output_panel",),
    input_schema={"type": "object", "properties": {}, "additionalProperties": False},
    may_change=("/output_panel/status", "/output_panel/text", "/output_panel/model"),
    permission=Permission(risk=Risk.MEDIUM, confirmation=True),
    preconditions=(
        Condition(
            rule="state.output_panel.status in ['done', 'failed']",
            message="a run has finished and its output is shown",
        ),
    ),
    handler=_clear,
)

OUTPUT_ACTIONS = (RUN, CLEAR)
