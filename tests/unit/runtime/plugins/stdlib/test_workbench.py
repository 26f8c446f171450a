"""The workbench runs a prompt only on a loaded model and never loads more than fits."""

from copy import deepcopy
from dataclasses import replace

import pytest

from runtime.plugins.stdlib.workbench import PLUGIN
from runtime.public import (
    JsonObject,
    Judgement,
    Plan,
    ReasonCode,
    Sandbox,
    State,
    Step,
    StepStatus,
    get,
    set_value,
)

SANDBOX = Sandbox.of(PLUGIN, PLUGIN.environments[0])
OUTPUT = {"status": "done", "text": "Hello.", "model": "sparrow-1b", "run_count": 1}
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


def judge(
    *steps: tuple[str, JsonObject],
    given: JsonObject | None = None,
    role: str = "operator",
    confirms: bool = True,
) -> Judgement:
    """Simulate steps on the initial state with changes."""
    situation = SANDBOX.situation()
    return SANDBOX.simulate(
        Plan(steps=tuple(Step(action=action, inputs=inputs) for action, inputs in steps)),
        replace(
            situation,
            state=State.of(a_state(given or {})),
            principal=situation.principal.model_copy(update={"roles": (role,)}),
            confirms=confirms,
        ),
    )


def refusal_of(judgement: Judgement) -> tuple[ReasonCode, str]:
    """Return the code of a refusal and what it expected; the state must be untouched."""
    refusal = judgement.outcome.refusal
    assert refusal is not None
    assert judgement.outcome.before == judgement.outcome.after
    return refusal.code, refusal.expected


HAPPY: list[tuple[str, JsonObject, JsonObject, JsonObject]] = [
    ("model.select", {"model": "heron-7b"}, {}, {"/model_selector/selected": "heron-7b"}),
    (
        "model.select",
        {"model": "sparrow-1b"},
        {"/model_selector/selected": "osprey-13b", "/prompt_editor/max_tokens": 4096},
        {"/model_selector/selected": "sparrow-1b"},
    ),
    (
        "model.load",
        {"model": "condor-34b"},
        {"/model_selector/selected": "condor-34b"},
        {"/model_selector/models/condor-34b/loaded": True},
    ),
    (
        "model.unload",
        {"model": "sparrow-1b"},
        {"/output_panel": OUTPUT},
        {"/model_selector/models/sparrow-1b/loaded": False},
    ),
    ("prompt.edit", {"text": "Hi."}, {}, {"/prompt_editor/text": "Hi."}),
    (
        "prompt.edit",
        {"text": "Hi."},
        {"/prompt_editor/text": "Ho."},
        {"/prompt_editor/text": "Hi.", "/prompt_editor/versions": ["Ho."]},
    ),
    ("prompt.append", {"text": "Hi."}, {}, {"/prompt_editor/text": "Hi."}),
    (
        "prompt.append",
        {"text": "Ho."},
        {"/prompt_editor/text": "Hi."},
        {"/prompt_editor/text": "Hi.\nHo.", "/prompt_editor/versions": ["Hi."]},
    ),
    (
        "prompt.restore",
        {},
        {"/prompt_editor/text": "c", "/prompt_editor/versions": ["a", "b"]},
        {"/prompt_editor/text": "b", "/prompt_editor/versions": ["a"]},
    ),
    (
        "prompt.configure",
        {"temperature": 0, "max_tokens": 4096, "system": ""},
        {},
        {
            "/prompt_editor/temperature": 0,
            "/prompt_editor/max_tokens": 4096,
            "/prompt_editor/system": "",
        },
    ),
    ("prompt.configure", {"system": "Rhyme."}, {}, {"/prompt_editor/system": "Rhyme."}),
    (
        "inference.run",
        {},
        {"/prompt_editor/text": "Hi.", "/output_panel": {**OUTPUT, "model": "heron-7b"}},
        {
            "/output_panel": {
                "status": "queued",
                "text": "",
                "model": "sparrow-1b",
                "run_count": 2,
            }
        },
    ),
    (
        "output.clear",
        {},
        {"/output_panel": OUTPUT},
        {"/output_panel": {"status": "empty", "text": "", "model": None, "run_count": 1}},
    ),
    (
        "output.clear",
        {},
        {"/output_panel": {**OUTPUT, "status": "failed"}},
        {"/output_panel": {"status": "empty", "text": "", "model": None, "run_count": 1}},
    ),
]


@pytest.mark.parametrize(
    ("action", "inputs", "given", "changed"),
    [pytest.param(*case, id=f"{number}: {case[0]}") for number, case in enumerate(HAPPY)],
)
def test_an_action_changes_what_it_says_and_nothing_else(
    action: str, inputs: JsonObject, *, given: JsonObject, changed: JsonObject
) -> None:
    """Each action has its effect on the whole state."""
    judgement = judge((action, inputs), given=given)

    assert judgement.outcome.status is StepStatus.DONE, judgement.outcome.refusal
    assert judgement.state.components == a_state({**given, **changed})


@pytest.mark.parametrize(
    ("action", "inputs", "given", "expected"),
    [
        pytest.param(
            "model.select",
            {"model": "sparrow-1b"},
            {"/model_selector/selected": "osprey-13b", "/prompt_editor/max_tokens": 4097},
            "max_tokens fits into the model's context",
            id="select a model whose context is too small",
        ),
        pytest.param(
            "model.load",
            {"model": "heron-7b"},
            {},
            "the model is the selected one",
            id="load what is not selected",
        ),
        pytest.param(
            "model.load",
            {"model": "sparrow-1b"},
            {},
            "the model is not loaded yet",
            id="load what is loaded",
        ),
        pytest.param(
            "model.load",
            {"model": "condor-34b"},
            {"/model_selector/selected": "condor-34b", **loaded("heron-7b")},
            "there is memory left",
            id="load more than fits",
        ),
        pytest.param(
            "model.unload",
            {"model": "heron-7b"},
            {},
            "the model is loaded",
            id="unload what is not loaded",
        ),
        pytest.param(
            "model.unload",
            {"model": "sparrow-1b"},
            {"/output_panel": QUEUED},
            "no run of the model is queued",
            id="unload under a queued run",
        ),
        pytest.param("prompt.restore", {}, {}, "there is an earlier version", id="restore nothing"),
        pytest.param(
            "prompt.configure",
            {"max_tokens": 4097},
            {},
            "max_tokens fits into the selected model's context",
            id="more tokens than the context holds",
        ),
        pytest.param(
            "inference.run",
            {},
            {
                "/prompt_editor/text": "Hi.",
                "/model_selector/selected": "heron-7b",
            },
            "the selected model is loaded",
            id="run a cold model",
        ),
        pytest.param("inference.run", {}, {}, "the prompt is not empty", id="run nothing"),
        pytest.param(
            "inference.run",
            {},
            {"/prompt_editor/text": "Hi.", "/output_panel": QUEUED},
            "no run is queued",
            id="run twice at once",
        ),
        pytest.param("output.clear", {}, {}, "a run has finished", id="clear nothing"),
        pytest.param(
            "output.clear", {}, {"/output_panel": QUEUED}, "a run has finished", id="clear too soon"
        ),
    ],
)
def test_an_unmet_precondition_says_what_must_be_true(
    action: str, inputs: JsonObject, *, given: JsonObject, expected: str
) -> None:
    """The refusal carries the sentence of the rule that does not hold."""
    code, sentence = refusal_of(judge((action, inputs), given=given))

    assert code is ReasonCode.PRECONDITION_UNMET
    assert sentence.startswith(expected)


def test_another_model_may_leave_while_a_run_is_queued() -> None:
    """Only the model of the queued run is held."""
    given = {"/output_panel": QUEUED, **loaded("heron-7b")}

    judgement = judge(("model.unload", {"model": "heron-7b"}), given=given)

    assert judgement.outcome.status is StepStatus.DONE


@pytest.mark.parametrize(
    ("action", "inputs"),
    [
        pytest.param("model.select", {"model": "gull-2b"}, id="model outside the catalogue"),
        pytest.param("prompt.edit", {"text": " \n"}, id="blank prompt"),
        pytest.param("prompt.edit", {"text": "x" * 2_001}, id="prompt too long"),
        pytest.param("prompt.configure", {}, id="nothing to configure"),
        pytest.param("prompt.configure", {"temperature": 2.1}, id="temperature too high"),
        pytest.param("prompt.configure", {"max_tokens": 0}, id="no tokens"),
        pytest.param("inference.run", {"timeout_seconds": 4}, id="timeout too short"),
        pytest.param("inference.run", {"timeout_seconds": 601}, id="timeout too long"),
    ],
)
def test_malformed_inputs_are_refused(action: str, inputs: JsonObject) -> None:
    """The schemas are strict about what they take."""
    assert refusal_of(judge((action, inputs)))[0] is ReasonCode.INPUT_INVALID


def test_the_whole_chain_runs_and_names_its_jobs() -> None:
    """Select, load, write and run lead to a queued run whose work is left to jobs."""
    judgement = judge(
        ("model.select", {"model": "heron-7b"}),
        ("model.load", {"model": "heron-7b"}),
        ("prompt.edit", {"text": "Name five rivers."}),
        ("inference.run", {"timeout_seconds": 120}),
    )

    jobs = [job for step in judgement.outcome.steps for job in step.side_effects]
    assert jobs == ["model.warm_up", "inference.complete"]
    assert judgement.outcome.cost == 17
    assert get(judgement.state.components, "/output_panel/status") == "queued"


def test_unloading_names_its_job() -> None:
    """Freeing memory is work for after the commit."""
    judgement = judge(("model.unload", {"model": "sparrow-1b"}))

    assert judgement.outcome.steps[0].side_effects == ("model.release",)


def test_clearing_waits_for_confirmation() -> None:
    """The text is lost, so a person is asked in every mode."""
    judgement = judge(("output.clear", {}), given={"/output_panel": OUTPUT}, confirms=False)

    assert refusal_of(judgement)[0] is ReasonCode.CONFIRMATION_REQUIRED


@pytest.mark.parametrize(
    ("action", "inputs"),
    [
        pytest.param("model.select", {"model": "heron-7b"}, id="select"),
        pytest.param("prompt.edit", {"text": "Hi."}, id="edit"),
        pytest.param("prompt.configure", {"temperature": 1}, id="configure"),
    ],
)
def test_a_viewer_changes_nothing(action: str, inputs: JsonObject) -> None:
    """Viewers may look only, also where the risk is low."""
    judgement = judge((action, inputs), role="viewer")

    assert refusal_of(judgement)[0] is ReasonCode.RISK_TOO_HIGH
