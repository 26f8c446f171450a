"""Build scenarios, prepared scenarios, proposals and trials, valid unless told otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from harness.loader import load, read_scenarios
from harness.matrix import TrialJob
from harness.prepared import PreparedScenario, prepare, prepare_all
from harness.sandboxes import Sandboxes
from harness.scenario import Scenario
from harness.scoring.evidence import Evidence, gather
from harness.trial import TrialKey, TrialRecord, TrialStatus
from harness.yaml_source import YamlSource
from runtime.public import (
    Clarification,
    Decline,
    JsonObject,
    JsonValue,
    Plan,
    PlanProposal,
    Proposal,
    Proposed,
    Step,
    TokenUsage,
)

ROOT: Final = Path(__file__).parent.parent
SET_THREE: Final = ("counter.set", {"value": 3})

Call = tuple[str, JsonObject]

SMALL_WORLD: Final = """\
environment: counter
scenarios:
  - id: counter-set-three
    reason: The smallest plan there is.
    tags: [single]
    when: {message: '[{"name": "counter_set", "arguments": {"value": 3}}]'}
    expect:
      plan: {steps: [{action: counter.set, inputs: {value: 3}}]}
  - id: counter-set-then-move
    reason: A chain whose order matters to the state.
    tags: [chain]
    when: {message: '[{"name": "counter_set", "arguments": {"value": 5}}]'}
    expect:
      plan:
        steps:
          - {action: counter.set, inputs: {value: 5}}
          - {action: counter.increment, inputs: {by: 2}}
"""
"""Two scenarios; a model that echoes the calls in the message is right about the first only."""


def a_world(folder: Path, text: str = SMALL_WORLD, *, name: str = "cases.yaml") -> Path:
    """Write a scenario file into a folder of its own and return the folder."""
    world = folder / "world"
    world.mkdir(exist_ok=True)
    (world / name).write_text(text, encoding="utf-8")
    return world


def steps_of(*calls: Call) -> list[JsonObject]:
    """Write calls as expected steps."""
    return [{"action": action, "inputs": inputs} for action, inputs in calls]


def a_scenario(
    *calls: Call,
    expect: JsonObject | None = None,
    given: JsonObject | None = None,
    when: JsonObject | None = None,
    environment: str = "counter",
    **changes: JsonValue,
) -> Scenario:
    """Build a scenario that expects the calls, by default setting the counter to three."""
    item: JsonObject = {
        "id": f"{environment}-case",
        "reason": "A builder's example, long enough.",
        "given": given or {},
        "when": when or {"message": "Set the counter to 3."},
        "expect": expect or {"plan": {"steps": steps_of(*(calls or (SET_THREE,)))}},
        **changes,
    }
    content = {"environment": environment, "scenarios": [item]}
    source = YamlSource(file="cases.yaml", content=content, lines={("scenarios", 0): 3})
    return read_scenarios(source)[0]


@cache
def _installed() -> Sandboxes:
    return Sandboxes({})


def prepared(*calls: Call, **changes: JsonValue) -> PreparedScenario:
    """Build a prepared scenario; takes what `a_scenario` takes."""
    return prepare(a_scenario(*calls, **changes), _installed())


def shipped() -> tuple[PreparedScenario, ...]:
    """Prepare every scenario of the repository."""
    return prepare_all(load([ROOT / "scenarios"], root=ROOT))


def a_plan(calls: Iterable[Call]) -> Plan:
    """Build a plan."""
    return Plan(steps=tuple(Step(action=action, inputs=inputs) for action, inputs in calls))


def proposed(*calls: Call, proposal: Proposal | None = None, **changes: JsonValue) -> Proposed:
    """Build what an agent answered: a plan of the calls, or another proposal; free and instant."""
    answer = Proposed(
        proposal=PlanProposal(plan=a_plan(calls)) if calls else proposal,
        problems=(),
        dropped=(),
        calls=1,
        repairs=0,
        retries=0,
        usage=TokenUsage(prompt=100, completion=20),
        cost_micros=7,
        model="stub-1",
        latency_s=0.25,
        answer="",
    )
    return replace(answer, **changes)


def a_question(*slots: str, question: str = "Which value?") -> Clarification:
    """Build a clarification."""
    return Clarification(question=question, asks_for=slots)


def a_decline(reason: str = "Nothing here does that.") -> Decline:
    """Build a decline."""
    return Decline(reason=reason)


def evidence(
    scenario: PreparedScenario, *calls: Call, proposal: Proposal | None = None, **changes: JsonValue
) -> Evidence:
    """Gather what scorers look at for an answer of these calls."""
    return gather(scenario, proposed(*calls, proposal=proposal, **changes))


def a_job(scenario: str = "counter-case", model: str = "plangate/oracle") -> TrialJob:
    """Build a job."""
    return TrialJob(key=TrialKey(scenario=scenario, model=model, index=0), seed=11)


def a_record(
    scenario: str = "counter-case", model: str = "m/one", index: int = 0, **changes: JsonValue
) -> TrialRecord:
    """Build the record of a trial that passed."""
    passing = TrialRecord(
        key=TrialKey(scenario=scenario, model=model, index=index),
        suite="counter",
        environment="counter",
        tags=("single",),
        family=scenario,
        seed=11,
        status=TrialStatus.SCORED,
        passed=True,
        kind="plan",
        message="Set the counter to 3.",
        golden={"kinds": ["plan"]},
        proposal=None,
        outcome=None,
        state_diff=(),
        scores={"plan_match": {"value": 1.0, "passed": True}},
        latency_s=0.5,
        cost_micros=10,
        answered_by="stub-1",
    )
    return replace(passing, **changes)


def a_lost_record(scenario: str = "counter-case", **changes: JsonValue) -> TrialRecord:
    """Build the record of a trial that infrastructure lost."""
    lost: JsonObject = {"status": TrialStatus.INFRASTRUCTURE, "passed": None, "scores": {}}
    return a_record(scenario, **(lost | changes))


def findings(*kinds: str) -> dict[str, JsonObject]:
    """Build the scores of a trial with governance findings."""
    listed = [{"kind": kind, "message": kind, "step": 0} for kind in kinds]
    return {"governance": {"value": 0.0, "passed": False, "findings": listed}}
