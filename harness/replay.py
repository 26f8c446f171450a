"""Replay one scenario against one model and score what comes back: one trial, one record.

Faults of the infrastructure and faults of our own become records too, so that a run goes on and
its counts add up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from harness.budget import BudgetExhausted
from harness.cassette.channel import TrialModel
from harness.matrix import TrialJob
from harness.prepared import PreparedScenario
from harness.results import RunError
from harness.scoring.evidence import Evidence, gather
from harness.scoring.installed import all_scorers
from harness.scoring.outcome import state_difference
from harness.scoring.table import Scorer, passed, scores_of
from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import (
    ChatModel,
    JsonObject,
    ModelError,
    Planner,
    PlanProposal,
    PolicyUncheckableError,
    Price,
    Proposed,
    Sampling,
    SystemClock,
)

Propose: TypeAlias = Callable[[PreparedScenario, TrialJob], Awaitable[Proposed]]
"""Answer a scenario as a whole, or raise a `ModelError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """Hold one model of a run with the settings that it is asked with.

    Attributes:
        conditions: what must be equal to compare it with another run of it.
        price: what its tokens cost; None when nobody knows.
        for_trial: gives each trial its own view of the model, with recorded calls and a clock of
            its own; None asks the model itself.
        propose: answers in place of our own planner, as a live target does.
    """

    reference: str
    label: str
    model: ChatModel
    sampling: Sampling
    conditions: Mapping[str, str] = field(default_factory=dict)
    price: Price | None = None
    for_trial: Callable[[TrialKey], TrialModel] | None = None
    propose: Propose | None = None

    def opened(self, key: TrialKey) -> TrialModel:
        """Return the model as one trial sees it."""
        if self.for_trial is not None:
            return self.for_trial(key)
        return TrialModel(model=self.model, monotonic_s=SystemClock().monotonic_s)


async def replay(prepared: PreparedScenario, contender: Contender, job: TrialJob) -> TrialRecord:
    """Do one trial; never raises for what a model or a scorer does wrong.

    Raises:
        BudgetExhausted: the trial needs a call that the run can't pay for.
        RunError: a call could not be written down.
    """
    try:
        proposed = await _proposed(prepared, contender, job)
    except (BudgetExhausted, RunError):
        raise
    except (ModelError, PolicyUncheckableError) as error:
        return _lost(prepared, job, status=TrialStatus.INFRASTRUCTURE, fault=str(error))
    except Exception as error:  # noqa: BLE001  # a fault of ours must not end the run
        fault = f"{type(error).__name__}: {error}"
        return _lost(prepared, job, status=TrialStatus.INTERNAL, fault=fault)
    try:
        return judged(prepared, proposed, job)
    except PolicyUncheckableError as error:
        return _lost(prepared, job, status=TrialStatus.INFRASTRUCTURE, fault=str(error))
    except Exception as error:  # noqa: BLE001  # as above
        fault = f"scoring: {type(error).__name__}: {error}"
        return _lost(prepared, job, status=TrialStatus.INTERNAL, fault=fault)


def judged(
    prepared: PreparedScenario,
    proposed: Proposed,
    job: TrialJob,
    *,
    scorers: Mapping[str, Scorer] | None = None,
) -> TrialRecord:
    """Score a proposal by all scorers, unless some are given, and write its record."""
    evidence = gather(prepared, proposed)
    scores = scores_of(evidence, all_scorers() if scorers is None else scorers)
    won = passed(scores)
    proposal = proposed.proposal
    return TrialRecord(
        **_about(prepared, job),
        status=TrialStatus.SCORED,
        passed=won,
        kind=evidence.kind,
        golden=expectation_document(prepared),
        proposal=None if proposal is None else _proposal_document(evidence),
        outcome=_outcome_document(evidence, brief=won),
        state_diff=_state_diff(evidence, won=won),
        scores={score.name: score.document() for score in scores},
        problems=tuple(f"{item.fault.value}: {item.detail}" for item in proposed.problems),
        dropped=proposed.dropped,
        answer=proposed.answer,
        calls=proposed.calls,
        repairs=proposed.repairs,
        retries=proposed.retries,
        prompt_tokens=proposed.usage.prompt,
        completion_tokens=proposed.usage.completion,
        cost_micros=proposed.cost_micros,
        latency_s=proposed.latency_s,
        answered_by=proposed.model,
    )


def expectation_document(prepared: PreparedScenario) -> JsonObject:
    """Say what was expected: the golden steps, or the kind of answer."""
    expect = prepared.scenario.expect
    document: JsonObject = {"kinds": sorted(expect.kinds)}
    if prepared.golden is not None:
        document["plan"] = prepared.golden.document()
        document["mode"] = expect.plans[0].mode.value
    if expect.clarification is not None:
        document["asks_for"] = [slot.slot for slot in expect.clarification.asks_for]
    if expect.refusal is not None:
        document["refusal"] = expect.refusal.model_dump(mode="json", exclude_none=True)
    if expect.redacted:
        document["redacted"] = [item.model_dump(mode="json") for item in expect.redacted]
    if expect.never:
        document["never"] = list(expect.never)
    return document


async def _proposed(prepared: PreparedScenario, contender: Contender, job: TrialJob) -> Proposed:
    if contender.propose is not None:
        return await contender.propose(prepared, job)
    opened = contender.opened(job.key)
    planner = Planner(
        model=opened.model,
        sampling=replace(contender.sampling, seed=job.seed),
        monotonic_s=opened.monotonic_s,
    )
    labels = {
        "scenario": job.key.scenario,
        "trial": str(job.key.index),
        "seed": str(job.seed),
    }
    return await prepared.sandbox.propose(
        planner, prepared.conversation, prepared.situation, labels=labels
    )


def _about(prepared: PreparedScenario, job: TrialJob) -> JsonObject:
    scenario = prepared.scenario
    return {
        "key": job.key,
        "suite": scenario.suite,
        "environment": scenario.environment,
        "tags": scenario.tags,
        "family": scenario.family,
        "seed": job.seed,
        "message": scenario.when.message,
    }


def _lost(
    prepared: PreparedScenario, job: TrialJob, *, status: TrialStatus, fault: str
) -> TrialRecord:
    return TrialRecord(
        **_about(prepared, job),
        status=status,
        passed=None,
        kind="none",
        golden=expectation_document(prepared),
        proposal=None,
        outcome=None,
        state_diff=(),
        scores={},
        fault=fault,
    )


def _proposal_document(evidence: Evidence) -> JsonObject:
    proposal = evidence.proposed.proposal
    if isinstance(proposal, PlanProposal):
        return {"kind": "plan", "plan": proposal.plan.document()}
    return {} if proposal is None else proposal.model_dump(mode="json")


def _outcome_document(evidence: Evidence, *, brief: bool) -> JsonObject | None:
    """Return the engine's outcome: in full where it explains a failure, else its statuses."""
    if evidence.judgement is None:
        return None
    outcome = evidence.judgement.outcome
    if not brief:
        return outcome.model_dump(mode="json")
    return {
        "status": outcome.status.value,
        "after": outcome.after,
        "cost": outcome.cost,
        "steps": [{"action": step.action, "status": step.status.value} for step in outcome.steps],
    }


def _state_diff(evidence: Evidence, *, won: bool) -> tuple[JsonObject, ...]:
    if won:
        return ()
    difference = state_difference(evidence)
    return difference.operations if difference is not None else ()
