"""Judge a plan: every step sees the state and the usage that the steps before it left.

Simulating and executing are this one function; an execution differs only in that its caller
commits what it returns.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.domain.action import Action
from runtime.domain.limits import Usage
from runtime.domain.outcome import PlanOutcome, Refusal, StepOutcome, StepStatus
from runtime.domain.plan import Plan, Step, plan_digest
from runtime.domain.reason import ReasonCode
from runtime.domain.state import State
from runtime.engine.compiled import CompiledRegistry
from runtime.engine.facts import Facts, StepFacts
from runtime.engine.guards import hidden_by
from runtime.engine.shared_guards import shared_use_after
from runtime.engine.step import judge_step
from runtime.kit.json_value import JsonObject
from runtime.kit.redact import masked


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedPlan:
    """Hold a plan with versions and defaults filled in, and the digest that consents bind to.

    Made by `prepare`, for one project and one version of its state.
    """

    plan: Plan
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Pair the outcome of a plan with the state and the usage that it would leave."""

    outcome: PlanOutcome
    state: State
    usage: Usage


def prepare(
    plan: Plan, registry: CompiledRegistry, *, project: str, state_version: int
) -> PreparedPlan:
    """Fill in what a plan leaves open; policy is asked and consents are given about the result."""
    return named(registry.prepared(plan), project=project, state_version=state_version)


def named(prepared: Plan, *, project: str, state_version: int) -> PreparedPlan:
    """Name a plan that leaves nothing open by what consents bind to."""
    digest = plan_digest(prepared, project=project, state_version=state_version)
    return PreparedPlan(plan=prepared, digest=digest)


def run(plan: Plan, facts: Facts, registry: CompiledRegistry) -> Judgement:
    """Prepare and decide a plan whose facts were gathered about the plan as written."""
    version = facts.state.version
    ready = prepare(plan, registry, project=facts.project, state_version=version)
    return judge(ready, facts, registry)


def judge(ready: PreparedPlan, facts: Facts, registry: CompiledRegistry) -> Judgement:
    """Decide a plan step by step, ending at the first that is refused or fails.

    Steps that were done stay done in the returned state; whether to keep them is for `kept`.
    """
    prepared, digest = ready.plan, ready.digest
    refusal = _plan_refusal(prepared, facts)
    if refusal is not None:
        return _refused(prepared, facts, digest, refusal=refusal)
    state, usage, shared_use = facts.state, facts.usage, facts.shared_use
    outcomes: list[StepOutcome] = []
    for index, step in enumerate(prepared.steps):
        compiled = registry.find(step.action)
        judged = judge_step(
            StepFacts(
                facts=facts,
                index=index,
                step=step,
                compiled=compiled,
                state=state,
                usage=usage,
                plan_digest=digest,
                shared_use=shared_use,
                ahead=_ahead(prepared, index, registry) if facts.counted else (),
            ),
            registry,
        )
        outcomes.append(judged.outcome)
        state = judged.state
        if judged.outcome.status is not StepStatus.DONE or compiled is None:
            break
        usage = usage.after(compiled.action.name, cost=judged.outcome.cost)
        if index + 1 < len(prepared.steps):
            shared_use = shared_use_after(shared_use, compiled.action, facts)
    return Judgement(
        outcome=PlanOutcome(
            status=outcomes[-1].status,
            plan_digest=digest,
            steps=(*outcomes, *_not_reached(prepared, facts, state, start=len(outcomes))),
            refusal=outcomes[-1].refusal,
            before=facts.state.digest,
            after=state.digest,
            cost=sum(outcome.cost for outcome in outcomes),
        ),
        state=state,
        usage=usage,
    )


def kept(judged: Judgement, facts: Facts, *, atomic: bool) -> Judgement:
    """Return what a plan leaves behind: of one that is to be whole, all of it or nothing.

    Whole is a plan that was asked for as atomic, and any that lacks an approval: of what others
    have yet to see, no part is done.
    """
    refusal = judged.outcome.refusal
    waits = refusal is not None and refusal.code is ReasonCode.APPROVAL_REQUIRED
    return all_or_nothing(judged, facts) if atomic or waits else judged


def all_or_nothing(judged: Judgement, facts: Facts) -> Judgement:
    """Return the judgement of an atomic plan: a plan that stopped leaves state and usage alone.

    The steps that had been done stay in the record, as rolled back, with what they would have cost
    and changed taken out.
    """
    outcome = judged.outcome
    if outcome.status is StepStatus.DONE:
        return judged
    start = facts.state
    undone: JsonObject = {
        "diff": (),
        "cost": 0,
        "side_effects": (),
        "state_version": start.version,
        "state_digest": start.digest,
    }
    steps = tuple(
        step.model_copy(update={**undone, "status": StepStatus.ROLLED_BACK})
        if step.status is StepStatus.DONE
        else step.model_copy(update=undone)
        for step in outcome.steps
    )
    return Judgement(
        outcome=outcome.model_copy(update={"steps": steps, "after": start.digest, "cost": 0}),
        state=start,
        usage=facts.usage,
    )


def _ahead(plan: Plan, index: int, registry: CompiledRegistry) -> tuple[Action, ...]:
    """Return the actions behind a step that must fit into what limits leave together with it.

    An urgent one waits for nothing that stands behind it, and no step runs behind an unknown one.
    """
    ahead: list[Action] = []
    for step in plan.steps[index + 1 :]:
        compiled = registry.find(step.action)
        if compiled is None or compiled.action.permission.urgent:
            break
        ahead.append(compiled.action)
    return tuple(ahead)


def _plan_refusal(plan: Plan, facts: Facts) -> Refusal | None:
    limit = facts.principal.grant.step_limit
    if not plan.steps:
        return Refusal(
            guard="plan_size",
            code=ReasonCode.PLAN_EMPTY,
            expected="at least one step",
            found=0,
            remedy="propose a step, ask, or decline",
        )
    if len(plan.steps) > limit:
        return Refusal(
            guard="plan_size",
            code=ReasonCode.PLAN_TOO_LONG,
            expected=f"at most {limit} steps for the grant '{facts.principal.grant.value}'",
            found=len(plan.steps),
            remedy="split the plan",
        )
    return None


def _refused(plan: Plan, facts: Facts, digest: str, *, refusal: Refusal) -> Judgement:
    return Judgement(
        outcome=PlanOutcome(
            status=StepStatus.REFUSED,
            plan_digest=digest,
            steps=_not_reached(plan, facts, facts.state, start=0),
            refusal=refusal,
            before=facts.state.digest,
            after=facts.state.digest,
        ),
        state=facts.state,
        usage=facts.usage,
    )


def _not_reached(plan: Plan, facts: Facts, state: State, *, start: int) -> tuple[StepOutcome, ...]:
    """Return what is recorded of steps that were not judged; what policy hides is hidden too."""

    def outcome(index: int, step: Step) -> StepOutcome:
        decisions = facts.decisions
        hidden = hidden_by(decisions[index] if index < len(decisions) else None)
        return StepOutcome(
            index=index,
            action=step.action,
            inputs=masked(step.inputs, hidden) if hidden else step.inputs,
            status=StepStatus.NOT_REACHED,
            state_version=state.version,
            state_digest=state.digest,
        )

    return tuple(outcome(index, step) for index, step in enumerate(plan.steps) if index >= start)
