"""The workbench's invariants tie models, prompt and output together."""

from copy import deepcopy

import pytest

from runtime.plugins.stdlib.workbench import PLUGIN
from runtime.public import JsonObject, Sandbox, set_value

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])
QUEUED = {"status": "queued", "text": "", "model": "sparrow-1b", "run_count": 1}


def a_state(changes: JsonObject) -> JsonObject:
    """Build a state: the initial one with the values at these pointers replaced."""
    state = deepcopy(SANDBOX.registry.initial_state())
    for pointer, value in changes.items():
        state = set_value(state, pointer, value)
    return state


def loaded(*models: str) -> JsonObject:
    """Say for `a_state` that these models, beside the sparrow, are in memory."""
    return {f"/model_selector/models/{model}/loaded": True for model in models}


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param(
            loaded("heron-7b", "ibis-code-7b", "osprey-13b"),
            "the loaded models fit into the memory limit together",
            id="too much in memory",
        ),
        pytest.param(
            {"/prompt_editor/max_tokens": 4097},
            "max_tokens fits into the context of the selected model",
            id="more tokens than the context holds",
        ),
        pytest.param(
            {"/output_panel": {**QUEUED, "model": "heron-7b"}},
            "the model of a queued run stays loaded",
            id="queued on a cold model",
        ),
        pytest.param(
            {"/output_panel": {**QUEUED, "model": None}},
            "the model of a queued run stays loaded",
            id="queued on no model",
        ),
        pytest.param(
            {"/output_panel/text": "Hello."},
            "an empty panel holds no text",
            id="text in an empty panel",
        ),
    ],
)
def test_a_state_that_breaks_an_invariant_is_named(given: JsonObject, problem: str) -> None:
    """Each invariant is broken by a state that satisfies every schema."""
    problems = SANDBOX.compiled.state_problems(a_state(given))

    assert problems == (f"invariant does not hold: {problem}",)


def test_memory_can_be_filled_to_the_last_gigabyte() -> None:
    """The limit itself still fits: 2, 8 and 14 are 24."""
    assert SANDBOX.compiled.state_problems(a_state(loaded("heron-7b", "osprey-13b"))) == ()


def test_only_one_model_is_loaded_at_first() -> None:
    """A new bench has the smallest model ready and nothing written."""
    state = SANDBOX.registry.initial_state()

    models = state["model_selector"]["models"]
    assert [name for name, model in models.items() if model["loaded"]] == ["sparrow-1b"]
    assert state["prompt_editor"]["text"] == ""
    assert state["output_panel"]["status"] == "empty"
