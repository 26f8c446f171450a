"""A plan is judged step by step on the state and usage that the steps before left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runtime.domain.approval import ConsentKind
from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.outcome import StepStatus
from runtime.domain.plan import Plan
from runtime.domain.policy import Obligation, ObligationKind
from runtime.domain.principal import Mode
from runtime.domain.reason import ReasonCode
from runtime.engine import pipeline
from runtime.engine.pipeline import Judgement
from runtime.kit.json_value import JsonObject, JsonValue
from tests.builders import (
    NOW,
    a_consent,
    a_decision,
    a_plan,
    a_principal,
    a_registry,
    a_state,
    a_step,
    an_action,
    digest_of,
    facts_for,
)


def _add(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["box"]["value"] += inputs["value"]
    return state


REGISTRY = a_registry(an_action(), an_action(id="box.add@1", handler=_add, cost=2))


def run(plan: Plan, **changes: JsonValue) -> Judgement:
    """Judge a plan of `box.put` and `box.add` on a new box."""
    return pipeline.run(plan, facts_for(plan, REGISTRY, **changes), REGISTRY)


def adds(*values: JsonValue) -> Plan:
    """Build a plan that adds these values in order."""
    return a_plan(a_step("box.add", value=value) for value in values)


def test_each_step_sees_what_the_one_before_left() -> None:
    """State, version, cost and usage run through the plan."""
    judgement = run(a_plan([a_step("box.put", value=5), a_step("box.add", value=2)]))

    outcome = judgement.outcome
    assert outcome.status is StepStatus.DONE
    assert judgement.state.components == {"box": {"value": 7}}
    assert [step.state_version for step in outcome.steps] == [1, 2]
    assert [step.action for step in outcome.steps] == ["box.put@1", "box.add@1"]
    assert (outcome.cost, judgement.usage.last_minute, judgement.usage.last_hour) == (3, 2, 2)
    assert judgement.usage.spent_by_action == {"box.put": 1, "box.add": 2}
    assert (outcome.before, outcome.after) == (a_state().digest, judgement.state.digest)
    assert (outcome.refusal, outcome.refused_at) == (None, None)


def test_defaults_are_recorded_as_inputs() -> None:
    """The outcome shows what ran, not what was left out."""
    judgement = run(a_plan([a_step("box.put")]))

    assert judgement.outcome.steps[0].inputs == {"value": 1}


def test_the_first_refusal_ends_the_plan() -> None:
    """What was done stays in the outcome, and the rest is not reached."""
    judgement = run(adds(1, "x", 3, 4))

    outcome = judgement.outcome
    assert [step.status.value for step in outcome.steps] == [
        "done", "refused", "not_reached", "not_reached",
    ]  # fmt: skip
    assert [step.index for step in outcome.steps] == [0, 1, 2, 3]
    assert outcome.status is StepStatus.REFUSED
    assert outcome.refused_at is outcome.steps[1]
    assert outcome.refusal == outcome.steps[1].refusal
    assert judgement.state.components == {"box": {"value": 1}}
    assert outcome.after == outcome.steps[3].state_digest == judgement.state.digest
    assert (outcome.cost, judgement.usage.last_minute) == (2, 1)


def test_an_unknown_action_ends_the_plan() -> None:
    """A step that names nothing is refused in its place."""
    judgement = run(a_plan([a_step("box.burn"), a_step("box.put")]))

    assert judgement.outcome.refusal is not None
    assert judgement.outcome.refusal.code is ReasonCode.ACTION_UNKNOWN
    assert judgement.outcome.steps[1].status is StepStatus.NOT_REACHED


@pytest.mark.parametrize(
    ("grant", "limit"), [(Mode.INTERACTIVE, 1), (Mode.ASSISTED, 5), (Mode.AUTONOMOUS, 10)]
)
def test_a_grant_limits_the_steps(grant: Mode, limit: int) -> None:
    """A plan of as many steps as the grant allows runs; one more refuses the whole plan."""
    principal = a_principal(grant=grant)

    allowed = run(adds(*range(limit)), principal=principal)
    refused = run(adds(*range(limit + 1)), principal=principal)

    assert allowed.outcome.status is StepStatus.DONE
    assert refused.outcome.refusal is not None
    assert refused.outcome.refusal.code is ReasonCode.PLAN_TOO_LONG
    assert refused.outcome.refusal.found == limit + 1
    assert {step.status for step in refused.outcome.steps} == {StepStatus.NOT_REACHED}
    assert refused.state.components == {"box": {"value": 0}}


def test_an_empty_plan_is_refused() -> None:
    """Doing nothing is not a plan."""
    outcome = run(a_plan([])).outcome

    assert outcome.refusal is not None
    assert (outcome.status, outcome.steps) == (StepStatus.REFUSED, ())
    assert outcome.refusal.code is ReasonCode.PLAN_EMPTY
    assert outcome.before == outcome.after


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        pytest.param(
            Limits(budgets={BudgetScope.PROJECT: 5}), ReasonCode.BUDGET_EXCEEDED, id="project"
        ),
        pytest.param(
            Limits(budgets={BudgetScope.ACTION: 4}), ReasonCode.BUDGET_EXCEEDED, id="action"
        ),
        pytest.param(Limits(per_minute=2), ReasonCode.RATE_LIMITED, id="rate"),
    ],
)
def test_what_a_plan_uses_counts_within_the_plan(limits: Limits, code: ReasonCode) -> None:
    """The third step of two units does not fit into what two steps left."""
    outcome = run(adds(1, 1, 1), limits=limits).outcome

    assert outcome.refusal is not None
    assert (outcome.refused_at, outcome.refusal.code) == (outcome.steps[2], code)


def test_a_missing_decision_stops_the_plan_there() -> None:
    """Policy answers for each step; one answer does not speak for the next."""
    outcome = run(adds(1, 1), decisions=(a_decision(),)).outcome

    assert outcome.refusal is not None
    assert outcome.refusal.code is ReasonCode.POLICY_UNAVAILABLE
    assert outcome.steps[0].status is StepStatus.DONE


CONFIRM = (a_decision(obligations=(Obligation(kind=ObligationKind.CONFIRM),)),)


def _confirmed(plan: Plan, **changes: JsonValue) -> Judgement:
    bound: JsonObject = {"kind": ConsentKind.CONFIRMATION, "granted_by": "ann", **changes}
    return run(plan, decisions=CONFIRM, consents=(a_consent(**bound),))


def test_a_confirmed_plan_runs() -> None:
    """A confirmation of this very plan lets it pass, and is recorded as used."""
    plan = adds(1)

    judgement = _confirmed(plan, plan_digest=digest_of(plan, REGISTRY))

    assert judgement.outcome.status is StepStatus.DONE
    assert judgement.outcome.steps[0].consents == ("consent-1",)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"plan_digest": digest_of(adds(2), REGISTRY)}, id="other inputs"),
        pytest.param({"plan_digest": digest_of(adds(1, 1), REGISTRY)}, id="more steps"),
        pytest.param({"plan_digest": digest_of(adds(1), REGISTRY, version=1)}, id="later state"),
        pytest.param({"requester": "dan"}, id="another requester"),
        pytest.param({"policy_revision": "rules-0"}, id="another policy"),
        pytest.param({"expires_at": NOW - timedelta(seconds=1)}, id="expired"),
        pytest.param({"granted_by": "bob"}, id="confirmed by another"),
    ],
)
def test_a_consent_to_something_else_does_not_count(change: JsonObject) -> None:
    """A yes holds for exactly what the person saw."""
    plan = adds(1)

    outcome = _confirmed(plan, **{"plan_digest": digest_of(plan, REGISTRY), **change}).outcome

    assert outcome.refusal is not None
    assert outcome.refusal.code is ReasonCode.CONFIRMATION_REQUIRED


def test_a_confirmation_binds_to_completed_inputs() -> None:
    """Spelling a default out, or 1.0 for 1, is the same plan; leaving out the version too."""
    spellings = [a_step("box.put"), a_step("box.put@1", value=1), a_step("box.put", value=1.0)]

    digests = {run(a_plan([step])).outcome.plan_digest for step in spellings}

    assert digests == {digest_of(a_plan([spellings[0]]), REGISTRY)}


def test_preparing_twice_is_preparing_once() -> None:
    """A caller that prepares a plan to ask for consent binds to what will be judged."""
    nested: JsonObject = {
        "type": "object",
        "properties": {"o": {"default": {}, "properties": {"n": {"default": 1}}}},
    }
    registry = a_registry(an_action(input_schema=nested))

    once = registry.prepared(a_plan())

    assert registry.prepared(once) == once
    assert once.steps[0].inputs == {"o": {"n": 1}}


def test_a_judgement_does_not_depend_on_how_a_number_is_spelled() -> None:
    """States that hash alike are judged alike, although CEL tells 4.0 from 4."""
    whole = run(adds(1), state=a_state({"box": {"value": 4}}))
    real = run(adds(1), state=a_state({"box": {"value": 4.0}}))

    assert whole == real
    assert repr(real.state.components) == repr({"box": {"value": 5}})


def test_the_facts_are_untouched() -> None:
    """Judging is a question: it leaves what it was asked about as it was."""
    plan = adds(1, 2)
    facts = facts_for(plan, REGISTRY)

    first = pipeline.run(plan, facts, REGISTRY)

    assert facts == replace(facts_for(plan, REGISTRY))
    assert pipeline.run(plan, facts, REGISTRY) == first


def test_an_atomic_plan_that_is_done_is_done() -> None:
    """Nothing changes for a plan that runs to its end."""
    plan = adds(1, 2)
    facts = facts_for(plan, REGISTRY)
    judgement = pipeline.run(plan, facts, REGISTRY)

    assert pipeline.all_or_nothing(judgement, facts) is judgement


def test_an_atomic_plan_that_stops_leaves_nothing_behind() -> None:
    """State and usage are as before; the record says what was rolled back, and why."""
    plan = adds(1, 2, "three", 4)
    facts = facts_for(plan, REGISTRY)

    judgement = pipeline.all_or_nothing(pipeline.run(plan, facts, REGISTRY), facts)

    outcome = judgement.outcome
    assert (judgement.state, judgement.usage) == (facts.state, facts.usage)
    assert [step.status for step in outcome.steps] == [
        StepStatus.ROLLED_BACK,
        StepStatus.ROLLED_BACK,
        StepStatus.REFUSED,
        StepStatus.NOT_REACHED,
    ]
    assert outcome.status is StepStatus.REFUSED
    assert outcome.refusal is not None
    assert outcome.refusal.code is ReasonCode.INPUT_INVALID
    assert (outcome.before, outcome.after, outcome.cost) == (
        facts.state.digest,
        facts.state.digest,
        0,
    )
    assert {(step.diff, step.cost, step.state_version) for step in outcome.steps} == {((), 0, 0)}
