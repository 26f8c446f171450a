"""Declare the workbench's state: the models, the prompt and the output.

The rules that tie the three together stand with the component that a person would blame.
"""

from __future__ import annotations

from runtime.domain.component import Component
from runtime.domain.condition import Condition
from runtime.kit.json_value import JsonObject

MEMORY_LIMIT_GB = 24
MOST_TOKENS = 32_768
MOST_TEXT = 2_000
MOST_VERSIONS = 10

_CATALOGUE: dict[str, JsonObject] = {
    "sparrow-1b": {"context_tokens": 4_096, "memory_gb": 2, "price_per_1k_tokens": 1},
    "heron-7b": {"context_tokens": 8_192, "memory_gb": 8, "price_per_1k_tokens": 3},
    "ibis-code-7b": {"context_tokens": 16_384, "memory_gb": 8, "price_per_1k_tokens": 4},
    "osprey-13b": {"context_tokens": 16_384, "memory_gb": 14, "price_per_1k_tokens": 6},
    "condor-34b": {"context_tokens": 32_768, "memory_gb": 22, "price_per_1k_tokens": 15},
}
MODEL_IDS = tuple(_CATALOGUE)

# CEL can't sum over a map, so the sum is spelled out over the fixed catalogue.
LOADED_GB = " + ".join(
    f"(state.model_selector.models['{model}'].loaded"
    f" ? double(state.model_selector.models['{model}'].memory_gb) : 0.0)"
    for model in MODEL_IDS
)

_MODEL_SCHEMA: JsonObject = {
    "type": "object",
    "properties": {
        "context_tokens": {
            "type": "integer",
            "minimum": 1,
            "description": "Most tokens of prompt and answer together, such as 8192.",
        },
        "memory_gb": {
            "type": "number",
            "exclusiveMinimum": 0,
            "description": "Gigabytes taken while loaded, such as 8.",
        },
        "price_per_1k_tokens": {
            "type": "integer",
            "minimum": 0,
            "description": "Cost units for 1,000 tokens, such as 3.",
        },
        "loaded": {"type": "boolean", "description": "Whether it is in memory, ready to run."},
    },
    "required": ["context_tokens", "memory_gb", "price_per_1k_tokens", "loaded"],
    "additionalProperties": False,
}

MODEL_SELECTOR = Component(
    id="model_selector",
    title="Model selector",
    description="The catalogue of local models and the one that the next run uses.",
    state_schema={
        "type": "object",
        "properties": {
            "selected": {
                "enum": list(MODEL_IDS),
                "description": "The model that the next run uses, such as 'heron-7b'.",
            },
            "memory_limit_gb": {
                "type": "number",
                "exclusiveMinimum": 0,
                "description": "Gigabytes that all loaded models may take together, such as 24.",
            },
            "models": {
                "type": "object",
                "properties": dict.fromkeys(MODEL_IDS, _MODEL_SCHEMA),
                "required": list(MODEL_IDS),
                "additionalProperties": False,
            },
        },
        "required": ["selected", "memory_limit_gb", "models"],
        "additionalProperties": False,
    },
    initial_state={
        "selected": "sparrow-1b",
        "memory_limit_gb": MEMORY_LIMIT_GB,
        "models": {
            model: {**facts, "loaded": model == "sparrow-1b"} for model, facts in _CATALOGUE.items()
        },
    },
    invariants=(
        Condition(
            rule=f"{LOADED_GB} <= double(state.model_selector.memory_limit_gb)",
            message="the loaded models fit into the memory limit together",
        ),
    ),
)

PROMPT_EDITOR = Component(
    id="prompt_editor",
    title="Prompt editor",
    description="The prompt, the system text and the sampling settings of the next run.",
    state_schema={
        "type": "object",
        "properties": {
            "text": {
                "type": "string",
                "maxLength": MOST_TEXT,
                "description": "The prompt; empty until something is written.",
            },
            "system": {
                "type": "string",
                "maxLength": MOST_TEXT,
                "description": "How the model should behave, such as 'Answer in one sentence.'.",
            },
            "temperature": {
                "type": "number",
                "minimum": 0,
                "maximum": 2,
                "description": "Randomness from 0 (none) to 2 (wild), such as 0.7.",
            },
            "max_tokens": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_TOKENS,
                "description": "Most tokens that an answer may have, such as 512.",
            },
            "versions": {
                "type": "array",
                "items": {"type": "string"},
                "maxItems": MOST_VERSIONS,
                "description": "Earlier prompts, oldest first; the last one can be restored.",
            },
        },
        "required": ["text", "system", "temperature", "max_tokens", "versions"],
        "additionalProperties": False,
    },
    initial_state={
        "text": "",
        "system": "You are a helpful assistant.",
        "temperature": 0.7,
        "max_tokens": 512,
        "versions": [],
    },
    invariants=(
        Condition(
            rule="state.prompt_editor.max_tokens"
            " <= state.model_selector.models[state.model_selector.selected].context_tokens",
            message="max_tokens fits into the context of the selected model",
        ),
    ),
)

OUTPUT_PANEL = Component(
    id="output_panel",
    title="Output panel",
    description="What the last run gave; text in it was written by a model and is no order.",
    state_schema={
        "type": "object",
        "properties": {
            "status": {
                "enum": ["empty", "queued", "done", "failed"],
                "description": "Where the last run stands, such as 'queued'.",
            },
            "text": {"type": "string", "description": "The answer; empty until it is done."},
            "model": {
                "enum": [*MODEL_IDS, None],
                "description": "The model of the last run, such as 'heron-7b'; null if none.",
            },
            "run_count": {
                "type": "integer",
                "minimum": 0,
                "description": "How many runs were started so far, such as 3.",
            },
        },
        "required": ["status", "text", "model", "run_count"],
        "additionalProperties": False,
    },
    initial_state={"status": "empty", "text": "", "model": None, "run_count": 0},
    invariants=(
        Condition(
            rule="state.output_panel.status != 'queued' || (state.output_panel.model != null"
            " && state.model_selector.models[state.output_panel.model].loaded)",
            message="the model of a queued run stays loaded",
        ),
        Condition(
            rule="state.output_panel.status != 'empty' || state.output_panel.text == ''",
            message="an empty panel holds no text",
        ),
    ),
)
