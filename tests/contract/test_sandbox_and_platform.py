"""The sandbox and the platform make the same of a plan: what a scenario proves holds there too.

Both are given the same state, people, limits, instant and decisions; the platform judges as it does
in a commit, without storage.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from harness.loader import load
from harness.prepared import PreparedScenario, prepare_all
from runtime.domain.head import Head
from runtime.domain.outcome import PlanOutcome, StepStatus
from runtime.domain.plan import Plan, Step
from runtime.domain.policy import ObligationKind
from runtime.domain.reason import ReasonCode
from runtime.domain.usage_book import UsageBook
from runtime.engine.pipeline import Judgement
from runtime.sandbox import SANDBOX_PROJECT, Sandbox, Situation
from runtime.services.execution.changes import Execution
from runtime.services.execution.draft import Tenure
from runtime.services.execution.judging import Judge
from runtime.services.policies.decided_steps import DecidedPlan, DecidedStep
from tests.worlds import ROOT

NOTE: Final = Step(action="ticket.set_priority", inputs={"ticket": "t_107", "priority": "high"})
LARGE: Final = Step(
    action="ticket.refund_large",
    inputs={"ticket": "t_103", "amount_cents": 9_000, "reason": "Loud."},
)


def on_the_platform(sandbox: Sandbox, plan: Plan, situation: Situation) -> Judgement:
    """Judge a plan as an execution is, which its requester confirmed if they would."""
    prepared = sandbox.compiled.prepared(plan)
    decisions = sandbox.decisions(plan, situation)
    tenure = Tenure(
        organization_id=situation.principal.organization,
        project_id=SANDBOX_PROJECT,
        fence=1,
        now=situation.now,
    )
    head = Head(
        state=situation.state,
        usage=UsageBook(),
        outcomes=0,
        settings=0,
        fence=0,
        environment=sandbox.environment.id,
        limits=situation.limits,
        archived=False,
        updated_at=situation.now,
    )
    return Judge(sandbox.compiled).execution(
        Execution(
            outcome_id="out",
            plan=plan,
            principal=situation.principal,
            credential_id="tok",
            confirms=sandbox.digest(plan, situation) if situation.confirms else None,
        ),
        head,
        state=situation.state,
        usage=head.usage.at(situation.now, situation.limits),
        tenure=tenure,
        decided=DecidedPlan(
            plan=prepared,
            steps=tuple(
                None if found is None else DecidedStep(decision=found, record=None)
                for found in decisions
            ),
        ),
    )


def without_names(outcome: PlanOutcome) -> PlanOutcome:
    """Leave out how consents are called, which is for each to choose."""
    steps = tuple(
        step.model_copy(update={"consents": len(step.consents)}) for step in outcome.steps
    )
    return outcome.model_copy(update={"steps": steps})


def the_desk(*, confirms: bool) -> tuple[Sandbox, Situation]:
    """Build the desk with somebody of finance, whose colleagues approve nothing."""
    sandbox = Sandbox.named("helpdesk")
    start = sandbox.situation()
    principal = start.principal.model_copy(update={"roles": ("operator", "finance")})
    return sandbox, replace(start, principal=principal, approves=False, confirms=confirms)


@pytest.mark.parametrize(
    ("steps", "confirms", "code", "first"),
    [
        pytest.param(
            (NOTE, LARGE), True, ReasonCode.APPROVAL_REQUIRED, StepStatus.ROLLED_BACK, id="waits"
        ),
        pytest.param(
            (NOTE, LARGE),
            False,
            ReasonCode.CONFIRMATION_REQUIRED,
            StepStatus.DONE,
            id="waits for its requester",
        ),
        pytest.param(
            (NOTE, NOTE.model_copy(update={"inputs": {"ticket": "t_1"}})),
            True,
            ReasonCode.INPUT_INVALID,
            StepStatus.DONE,
            id="stops",
        ),
        pytest.param((NOTE,), True, None, StepStatus.DONE, id="runs"),
    ],
)
def test_a_plan_leaves_behind_the_same(
    steps: tuple[Step, ...],
    *,
    confirms: bool,
    code: ReasonCode | None,
    first: StepStatus,
) -> None:
    """One that waits for approval leaves nothing, and any other that stops what it did."""
    sandbox, situation = the_desk(confirms=confirms)
    plan = Plan(steps=steps)

    here, there = sandbox.simulate(plan, situation), on_the_platform(sandbox, plan, situation)

    assert (here.outcome.refusal and here.outcome.refusal.code) == code
    assert here.outcome.steps[0].status is first
    assert without_names(here.outcome) == without_names(there.outcome)
    assert here.state == there.state


def comparable(item: PreparedScenario) -> bool:
    """Say whether a scenario can be judged there as it is: no usage, and nobody else's yes."""
    if item.golden is None or item.scenario.given.usage != type(item.scenario.given.usage)():
        return False
    decisions = item.sandbox.decisions(item.golden, item.situation)
    waits = any(
        obligation.kind is ObligationKind.APPROVE
        for found in decisions
        if found is not None
        for obligation in found.obligations
    )
    return not (waits and item.situation.approves)


def test_golden_plans_under_rules_of_an_organization_end_alike() -> None:
    """Refusals, what is hidden, costs and states are those that the platform would answer."""
    pack = prepare_all(load([ROOT / "scenarios" / "acme"], root=ROOT))
    items = [item for item in pack if comparable(item)]

    assert len(items) > len(pack) / 2
    for item in items:
        assert item.golden is not None
        here = item.judged(item.golden)
        there = on_the_platform(item.sandbox, item.golden, item.situation)
        assert without_names(here.outcome) == without_names(there.outcome), item.scenario.id
        assert here.state == there.state
