"""Recorded diffs rebuild the recorded state, or say where the history diverges."""

from __future__ import annotations

from dataclasses import replace

import pytest

from runtime.domain.errors import ReplayError
from runtime.domain.history import Cause, Version
from runtime.domain.outcome import StepOutcome
from runtime.engine import pipeline
from runtime.engine.replay import advanced, rebuild
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import NOW, a_plan, a_registry, a_state, a_step, facts_for

REGISTRY = a_registry()
PLAN = a_plan([a_step(value=3), a_step(value=3), a_step(value=8), a_step(value="x"), a_step()])
JUDGED = pipeline.run(PLAN, facts_for(PLAN, REGISTRY), REGISTRY)
HISTORY = JUDGED.outcome.steps


def _altered(**changes: JsonValue) -> list[StepOutcome]:
    return [HISTORY[0].model_copy(update=changes), *HISTORY[1:]]


def test_a_history_rebuilds_the_state() -> None:
    """Finished steps are applied, steps without a change too, and the others are skipped."""
    assert rebuild(a_state(), HISTORY) == JUDGED.state


def test_no_history_rebuilds_the_beginning() -> None:
    """Before the first step stands the initial state."""
    assert rebuild(a_state(), []) == a_state()


def _replace(value: JsonValue, path: str = "/box/value") -> JsonObject:
    return {"diff": ({"op": "replace", "path": path, "value": value},)}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(_replace(4), id="another value"),
        pytest.param(_replace(True), id="another type"),
        pytest.param(_replace(3, "/box/other"), id="a missing place"),
        pytest.param(_replace([], ""), id="another document"),
        pytest.param(_replace(2**60 + 1), id="a number that is not JSON"),
        pytest.param({"diff": ({"op": "burn", "path": "/box"},)}, id="no operation"),
        pytest.param({"diff": ()}, id="a diff that is gone"),
        pytest.param({"state_digest": "sha256:0"}, id="another hash"),
    ],
)
def test_an_altered_history_is_refused_at_its_version(changes: JsonObject) -> None:
    """The error names the version at which the history was altered."""
    with pytest.raises(ReplayError, match="replay diverges at version 1") as caught:
        rebuild(a_state(), _altered(**changes))

    assert caught.value.version == 1


def test_a_missing_step_is_refused() -> None:
    """Nothing can be cut out of a history."""
    with pytest.raises(ReplayError):
        rebuild(a_state({"box": {"value": 0, "note": "x"}}), HISTORY[1:])


def test_another_beginning_is_refused() -> None:
    """A history belongs to one initial state."""
    with pytest.raises(ReplayError):
        rebuild(a_state({"box": {"value": 0, "note": "x"}}), HISTORY)


def _versions(**changes: JsonValue) -> list[Version]:
    """Read the history as stored versions, the first of them altered."""
    found = [
        Version(
            version=step.state_version,
            digest=step.state_digest,
            diff=step.diff,
            cause=Cause.EXECUTED,
            outcome_id="out_1",
            principal_id="ann",
            created_at=NOW,
        )
        for step in HISTORY
        if step.diff
    ]
    return [replace(found[0], **changes), *found[1:]]


def test_versions_lead_from_one_state_to_another() -> None:
    """Each hash is compared on the way."""
    assert advanced(a_state(), _versions()) == JUDGED.state


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"version": 2}, id="a version that is missing"),
        pytest.param({"version": 0}, id="a version that was there"),
        pytest.param({"digest": "sha256:0"}, id="another hash"),
        pytest.param(_replace(4), id="another value"),
    ],
)
def test_altered_versions_are_refused(changes: JsonObject) -> None:
    """A history with a gap or an altered diff leads nowhere."""
    with pytest.raises(ReplayError, match="diverges at version"):
        advanced(a_state(), _versions(**changes))
