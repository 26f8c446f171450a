"""Prove that a scenario is kept only after its golden plan ran in its own world."""

from __future__ import annotations

import pytest

from harness.importing.actions import Function
from harness.importing.imported import WORLDS_KEPT, Check, Proof
from harness.importing.unusable import UnusableError
from harness.prepared import prepare
from harness.sandboxes import Sandboxes
from harness.scenario import Scenario
from runtime.public import JsonObject, JsonValue

HEAD: JsonObject = {"id": "made", "title": "Made", "description": "Made for a test."}


def a_function(limit: int) -> Function:
    """Build a function that takes numbers up to a limit."""
    schema: JsonObject = {"type": "object", "properties": {"n": {"maximum": limit}}}
    return Function(name="f", description="f", schema=schema)


def a_scenario(**inputs: JsonValue) -> JsonObject:
    """Build a scenario that expects one call."""
    return {
        "id": "made-one",
        "reason": "It proves the proof.",
        "given": {"actions": ["call.f@1"]},
        "when": {"message": "Go."},
        "expect": {"plan": {"steps": [{"action": "call.f@1", "inputs": inputs}]}},
    }


class Seen:
    """Collect the worlds in which scenarios were checked."""

    def __init__(self) -> None:
        """Begin with none."""
        self.worlds: list[Sandboxes] = []

    def check(self, _scenario: Scenario, sandboxes: Sandboxes) -> None:
        """Find nothing wrong."""
        self.worlds.append(sandboxes)


def test_sound_scenario_passes() -> None:
    """The golden plan runs."""
    Proof(HEAD, check=prepare).require(a_scenario(n=3), {"call.f@1": a_function(3)})


@pytest.mark.parametrize(
    ("scenario", "check", "why"),
    [
        pytest.param(a_scenario(n=4), prepare, "does not execute", id="its plan fails"),
        pytest.param({**a_scenario(), "id": "Made"}, prepare, "pattern", id="its form is wrong"),
        pytest.param(a_scenario(n=2**60), prepare, "too large", id="a number too large"),
    ],
)
def test_unsound_scenario_is_refused(scenario: JsonObject, check: Check, why: str) -> None:
    """The message is the one that `eval validate` would print."""
    with pytest.raises(UnusableError, match=why):
        Proof(HEAD, check=check).require(scenario, {"call.f@1": a_function(3)})


def test_same_actions_share_a_world_and_others_do_not() -> None:
    """Building a world takes longer than running a plan; a changed declaration is another one."""
    seen = Seen()
    proof = Proof(HEAD, check=seen.check)

    for limit in (3, 3, 4, 3):
        proof.require(a_scenario(n=1), {"call.f@1": a_function(limit)})

    first, second, other, again = seen.worlds
    assert first is second is again
    assert other is not first


def test_old_worlds_are_forgotten() -> None:
    """A file may hold a thousand questions, each with functions of its own."""
    seen = Seen()
    proof = Proof(HEAD, check=seen.check)

    for limit in (*range(1, WORLDS_KEPT + 2), 2, 1):
        proof.require(a_scenario(n=1), {"call.f@1": a_function(limit)})

    *many, kept, forgotten = seen.worlds
    assert kept is many[1]
    assert forgotten is not many[0]
