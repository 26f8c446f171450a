"""Declare what can be done to the prompt: write, extend, restore, configure, purge."""

from __future__ import annotations

from runtime.domain.action import Action, HandlerRefusal, Permission, Risk, Visibility
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.workbench.components import MOST_TEXT, MOST_TOKENS, MOST_VERSIONS

_TEXT: JsonObject = {
    "type": "string",
    "minLength": 1,
    "maxLength": MOST_TEXT,
    "pattern": r"\S",
    "description": "Prompt text for the model, such as 'Write a haiku about rain.'.",
}
_TEXT_INPUT: JsonObject = {
    "type": "object",
    "properties": {"text": _TEXT},
    "required": ["text"],
    "additionalProperties": False,
}
_NO_INPUT: JsonObject = {"type": "object", "properties": {}, "additionalProperties": False}
_WRITES_TEXT = ("/prompt_editor/text", "/prompt_editor/versions")


def _edit(inputs: JsonObject, state: JsonObject) -> JsonObject:
    _write(state, inputs["text"])
    return state


def _append(inputs: JsonObject, state: JsonObject) -> JsonObject:
    longer = "\n".join(filter(None, (state["prompt_editor"]["text"], inputs["text"])))
    if len(longer) > MOST_TEXT:
        message = (
            f"the prompt would have {len(longer)} characters, at most {MOST_TEXT} fit; "
            "append less or replace the prompt"
        )
        raise HandlerRefusal(message)
    _write(state, longer)
    return state


def _restore(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    editor = state["prompt_editor"]
    editor["text"] = editor["versions"].pop()
    return state


def _configure(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["prompt_editor"].update(inputs)
    return state


def _purge_versions(_inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["prompt_editor"]["versions"].clear()
    return state


def _write(state: JsonObject, text: str) -> None:
    editor = state["prompt_editor"]
    earlier = editor["text"]
    if earlier and earlier != text:
        editor["versions"] = [*editor["versions"], earlier][-MOST_VERSIONS:]
    editor["text"] = text


EDIT = Action(
    id="prompt.edit@1",
    title="Write the prompt",
    description=(
        "Replaces the whole prompt with new text; the earlier one is kept as a version. To add to "
        "a prompt use prompt.append. Costs 1 unit."
    ),
    targets=("prompt_editor",),
    input_schema=_TEXT_INPUT,
    may_change=_WRITES_TEXT,
    handler=_edit,
)

APPEND = Action(
    id="prompt.append@1",
    title="Add to the prompt",
    description=(
        "Adds text on a new line at the end of the prompt and leaves the rest as it is. "
        "Costs 1 unit."
    ),
    targets=("prompt_editor",),
    input_schema=_TEXT_INPUT,
    may_change=_WRITES_TEXT,
    handler=_append,
)

RESTORE = Action(
    id="prompt.restore@1",
    title="Restore the earlier prompt",
    description=(
        "Takes the prompt back to the latest earlier version, as an undo of the last edit or "
        "append. Costs 1 unit."
    ),
    targets=("prompt_editor",),
    input_schema=_NO_INPUT,
    may_change=_WRITES_TEXT,
    preconditions=(
        Condition(
            rule="size(state.prompt_editor.versions) > 0", message="there is an earlier version"
        ),
    ),
    handler=_restore,
)

CONFIGURE = Action(
    id="prompt.configure@1",
    title="Configure the prompt",
    description=(
        "Changes how the next run samples or behaves: temperature, max_tokens, system text. Give "
        "only what should change. max_tokens must fit into the selected model's context. "
        "Costs 1 unit."
    ),
    targets=("prompt_editor",),
    input_schema={
        "type": "object",
        "properties": {
            "temperature": {
                "type": "number",
                "minimum": 0,
                "maximum": 2,
                "description": "Randomness from 0 to 2; 70 percent is 0.7.",
            },
            "max_tokens": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_TOKENS,
                "description": "Most tokens in the answer, such as 512; '2k' is 2000.",
            },
            "system": {
                "type": "string",
                "maxLength": MOST_TEXT,
                "description": "How the model should behave, such as 'Answer in German.'.",
            },
        },
        "minProperties": 1,
        "additionalProperties": False,
    },
    may_change=(
        "/prompt_editor/temperature",
        "/prompt_editor/max_tokens",
        "/prompt_editor/system",
    ),
    preconditions=(
        Condition(
            rule="!has(inputs.max_tokens) || inputs.max_tokens"
            " <= state.model_selector.models[state.model_selector.selected].context_tokens",
            message="max_tokens fits into the selected model's context; select a larger one",
        ),
    ),
    handler=_configure,
)

PURGE_VERSIONS = Action(
    id="prompt.purge_versions@1",
    title="Purge earlier prompts",
    description="Deletes every earlier version for good, such as before a demonstration.",
    targets=("prompt_editor",),
    input_schema=_NO_INPUT,
    may_change=("/prompt_editor/versions",),
    # Nothing brings the versions back, and no conversation should lead here.
    permission=Permission(risk=Risk.HIGH, confirmation=True, visibility=Visibility.DEVELOPER),
    preconditions=(
        Condition(
            rule="size(state.prompt_editor.versions) > 0", message="there is an earlier version"
        ),
    ),
    handler=_purge_versions,
)

PROMPT_ACTIONS = (EDIT, APPEND, RESTORE, CONFIGURE, PURGE_VERSIONS)
