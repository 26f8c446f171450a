"""Build run folders as the runner writes them, small or large."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.checks import Check, Verdict
from harness.comparison import Comparison, Difference, Mismatch, Tier
from harness.gate import GateReport
from harness.results import (
    COMPARISONS,
    GATE,
    MANIFEST,
    MANIFEST_VERSION,
    SUMMARY,
    ResultsWriter,
    write_json,
)
from harness.stats.sequential import Plan
from harness.summary import SUMMARY_VERSION, Tally
from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import JsonObject, JsonValue

ORACLE = "plangate/oracle"


def a_plan(*steps: tuple[str, JsonObject]) -> JsonObject:
    """Build a plan document."""
    return {"steps": [{"action": action, "inputs": inputs} for action, inputs in steps]}


def a_trial(
    scenario: str = "helpdesk-refund", model: str = ORACLE, index: int = 0, **changes: JsonValue
) -> TrialRecord:
    """Build a trial that passed; name what differs."""
    plan = a_plan(("ticket.refund@1", {"ticket": "t_100", "amount_cents": 2000}))
    passing = TrialRecord(
        key=TrialKey(scenario=scenario, model=model, index=index),
        suite="helpdesk",
        environment="helpdesk",
        tags=("refund",),
        family=scenario,
        seed=7,
        status=TrialStatus.SCORED,
        passed=True,
        kind="plan",
        message="Refund 20 euros on ticket t_100.",
        golden={"kinds": ["plan"], "plan": plan, "mode": "exact"},
        proposal={"kind": "plan", "plan": plan},
        outcome={"status": "done", "steps": [{"action": "ticket.refund@1", "status": "done"}]},
        state_diff=(),
        scores={"plan": {"value": 1.0, "passed": True}},
        latency_s=0.25,
        prompt_tokens=100,
        completion_tokens=20,
        answered_by=model,
    )
    return replace(passing, **changes)


def a_failed_trial(
    scenario: str = "helpdesk-refund", model: str = ORACLE, index: int = 0, **changes: JsonValue
) -> TrialRecord:
    """Build a trial whose plan was wrong and refused, with a finding."""
    refusal = {
        "guard": "budget",
        "code": "budget_exceeded",
        "expected": "at most 100 units",
        "found": 250,
        "remedy": "ask for less",
    }
    plan = a_plan(("ticket.refund@1", {"ticket": "t_100", "amount_cents": 25000, "note": "x"}))
    step = {"action": "ticket.refund@1", "status": "refused", "refusal": refusal}
    finding = {"kind": "cost", "message": "250 units of 100", "step": 0}
    wrong: dict[str, Any] = {
        "passed": False,
        "proposal": {"kind": "plan", "plan": plan},
        "outcome": {"status": "refused", "refusal": None, "steps": [step]},
        "state_diff": (
            {"op": "replace", "path": "/tickets/t_100/refunded_cents", "value": 0},
            {"op": "add", "path": "/tickets/t_100/flag", "value": True},
        ),
        "scores": {
            "plan": {"value": 0.5, "passed": False, "reason": "amount_cents is 25000"},
            "governance": {"value": 1.0, "passed": False, "findings": [finding]},
        },
        "problems": ("first answer was no JSON",),
        "dropped": ("confirmed: true",),
        "answer": '{"tool": "ticket.refund"}',
    }
    return a_trial(scenario, model, index, **(wrong | changes))


def a_lost_trial(
    scenario: str = "helpdesk-refund", model: str = ORACLE, index: int = 0, **changes: JsonValue
) -> TrialRecord:
    """Build a trial that infrastructure lost."""
    lost: dict[str, Any] = {
        "status": TrialStatus.INFRASTRUCTURE,
        "passed": None,
        "kind": "none",
        "proposal": None,
        "outcome": None,
        "scores": {},
        "fault": "rate limited: 429 after 5 tries",
        "cost_micros": None,
    }
    return a_trial(scenario, model, index, **(lost | changes))


def a_gate(verdict: Verdict = Verdict.PASS, *, model: str = ORACLE, detail: str = "") -> GateReport:
    """Build a gate report of one check."""
    check = Check(model=model, name="pass rate", verdict=verdict, detail=detail or "90% demanded")
    return GateReport(verdict=verdict, checks=(check,))


def a_comparison(
    tier: Tier = Tier.REGRESSION, *, model: str = ORACLE, **changes: object
) -> Comparison:
    """Build a comparison of thirty scenarios and one of its suites; changes are of the overall."""
    overall = Difference(
        name="all scenarios",
        tier=tier,
        pairs=30,
        families=28,
        base_rate=0.9,
        head_rate=0.8,
        change=-0.1,
        interval=(-0.18, -0.02),
        p_worse=0.0123,
        p_better=1.0,
        detectable=0.075,
        needed=412,
    )
    return Comparison(
        base=model,
        head=model,
        base_run="run_00",
        head_run="run_01",
        overall=replace(overall, **changes),  # type: ignore[arg-type]  # a table
        suites=(replace(overall, name="helpdesk", tier=Tier.STABLE),),
        margin=0.02,
        gone=("gone-one",),
    )


def an_unverifiable(*, model: str = ORACLE) -> Comparison:
    """Build a comparison that may not be made."""
    figures = ("base_rate", "head_rate", "change", "interval", "p_worse", "p_better", "detectable")
    empty = dict.fromkeys(figures)
    mismatch = Mismatch(part="helpdesk.prompt", base="sha256:aa", head="sha256:bb")
    found = a_comparison(Tier.UNVERIFIABLE, model=model, pairs=0, needed=None, **empty)
    return replace(found, suites=(), gone=(), mismatches=(mismatch,))


def a_model(reference: str, label: str = "", *, offline: bool = True) -> JsonObject:
    """Build a model of a manifest."""
    return {"reference": reference, "label": label or "offline oracle", "offline": offline}


def a_manifest(trials: Iterable[TrialRecord], **changes: JsonValue) -> JsonObject:
    """Build the manifest that fits the trials."""
    by_scenario = {record.key.scenario: record for record in trials}
    models = sorted({record.key.model for record in trials})
    manifest: JsonObject = {
        "version": MANIFEST_VERSION,
        "run": "run_01",
        "created": "2026-03-02T10:00:00+00:00",
        "code": "0.1.0",
        "paths": ["scenarios"],
        "tags": [],
        "models": [a_model(model) for model in models],
        "trials": 1 + max((record.key.index for record in trials), default=0),
        "early": None,
        "replays": False,
        "seed": 7,
        "concurrency": 4,
        "max_tokens": 1024,
        "timeout_s": 60.0,
        "retries": 3,
        "suite_digest": "sha256:5a1e",
        "comparability": {"helpdesk": {"registry": "sha256:01", "prompt": "3"}},
        "scenarios": [
            {
                "id": name,
                "environment": record.environment,
                "suite": record.suite,
                "tags": list(record.tags),
                "family": record.family,
                "reason": f"Shows why {name} matters.",
                "file": f"scenarios/{record.environment}/cases.yaml",
                "line": 10 * position + 3,
                "digest": "sha256:aa",
            }
            for position, (name, record) in enumerate(by_scenario.items())
        ],
    }
    return manifest | changes


def a_run(
    folder: Path,
    trials: Sequence[TrialRecord],
    *,
    gate: GateReport | None = None,
    comparisons: Sequence[Comparison] = (),
    finished: bool = True,
    plan: Plan | None = None,
    **changes: JsonValue,
) -> Path:
    """Write a run folder; `changes` replace parts of the manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / MANIFEST, a_manifest(trials, **changes))
    tally = Tally(plan=plan)
    with ResultsWriter(folder) as writer:
        for record in trials:
            writer.write(record)
            tally.add(record)
    summary = {
        "version": SUMMARY_VERSION,
        "run": "run_01",
        "models": [model.document() for model in tally.models()],
        "finished": finished,
        "wall_s": None if changes.get("replays") else 12.5,
    }
    write_json(folder / SUMMARY, summary)
    if gate is not None:
        write_json(folder / GATE, gate.document())
    if comparisons:
        documents = [item.document() for item in comparisons]
        write_json(folder / COMPARISONS, {"comparisons": documents})
    return folder
