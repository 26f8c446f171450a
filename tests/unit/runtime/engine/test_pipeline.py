"""A plan is judged step by step on the state and usage that the steps before left."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from runtime.domain.action import Permission
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
        pytest.param(
            Limits(quotas={BudgetScope.PRINCIPAL: 2}), ReasonCode.QUOTA_EXCEEDED, id="quota"
        ),
        pytest.param(Limits(per_minute=2), ReasonCode.RATE_LIMITED, id="rate of a minute"),
        pytest.param(Limits(per_hour=2), ReasonCode.RATE_LIMITED, id="rate of an hour"),
    ],
)
def test_a_plan_that_does_not_fit_as_a_whole_is_refused_as_a_whole(
    limits: Limits, code: ReasonCode
) -> None:
    """Each of three steps of two units fits, all three do not: none runs (X6)."""
    judgement = run(adds(1, 1, 1), limits=limits)

    outcome = judgement.outcome
    assert run(adds(1, 1), limits=limits).outcome.status is StepStatus.DONE
    assert outcome.refusal is not None
    assert (outcome.refused_at, outcome.refusal.code) == (outcome.steps[0], code)
    assert "for 3 steps together" in outcome.refusal.expected
    assert [step.status.value for step in outcome.steps] == [
        "refused", "not_reached", "not_reached",
    ]  # fmt: skip
    assert (outcome.before, outcome.cost) == (outcome.after, 0)
    assert judgement.usage.last_minute == 0


def test_each_action_of_a_plan_fits_into_its_own_budget() -> None:
    """What is reserved is counted by the action that it is spent on, not by the first one."""
    plan = a_plan([a_step("box.put"), a_step("box.add", value=1), a_step("box.add", value=1)])

    fits = run(plan, limits=Limits(budgets={BudgetScope.ACTION: 4})).outcome
    over = run(plan, limits=Limits(budgets={BudgetScope.ACTION: 3})).outcome

    assert fits.status is StepStatus.DONE
    assert over.refused_at is over.steps[0]
    assert over.refusal is not None
    assert over.refusal.limit is not None
    assert (over.refusal.limit.subject, over.refusal.limit.wanted) == ("box.add", 4)


def test_what_stands_in_the_way_of_the_first_step_speaks_before_limits_of_the_plan() -> None:
    """Who may not act at all is told so, and learns nothing of what is used."""
    outcome = run(adds("x", 1, 1), limits=Limits(per_minute=2)).outcome

    assert outcome.refusal is not None
    assert outcome.refusal.code is ReasonCode.INPUT_INVALID


def test_no_step_behind_an_unknown_one_is_reserved() -> None:
    """It can't run, so nothing is kept for it: the plan ends where it is known to."""
    plan = a_plan([a_step("box.put"), a_step("box.burn"), a_step("box.put")])

    outcome = run(plan, limits=Limits(per_minute=1)).outcome

    assert [step.status.value for step in outcome.steps] == ["done", "refused", "not_reached"]


URGENT = a_registry(an_action(), an_action(id="box.stop@1", permission=Permission(urgent=True)))


@pytest.mark.parametrize(
    ("actions", "statuses"),
    [
        pytest.param("stop put put", "done refused not_reached", id="an urgent first step runs"),
        pytest.param("put stop put", "done done refused", id="what is behind it holds none back"),
        pytest.param("put put stop", "refused not_reached not_reached", id="it waits for its turn"),
        pytest.param("stop stop stop", "done done done", id="none is held back"),
    ],
)
def test_a_limit_holds_no_urgent_step_back(actions: str, statuses: str) -> None:
    """It runs when those before it do; its cost is counted, and those behind it are refused."""
    plan = a_plan(a_step(f"box.{name}") for name in actions.split())
    limits = Limits(budgets={BudgetScope.PROJECT: 1})

    outcome = pipeline.run(plan, facts_for(plan, URGENT, limits=limits), URGENT).outcome

    assert [step.status.value for step in outcome.steps] == statuses.split()


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


@pytest.mark.parametrize(
    ("kind", "atomic", "left"),
    [
        pytest.param(ObligationKind.APPROVE, False, 0, id="it waits for approval"),
        pytest.param(ObligationKind.APPROVE, True, 0, id="it waits and is atomic"),
        pytest.param(ObligationKind.CONFIRM, False, 1, id="it waits for its requester only"),
        pytest.param(ObligationKind.CONFIRM, True, 0, id="it waits for its requester, atomic"),
    ],
)
def test_a_plan_that_waits_for_others_leaves_nothing_behind(
    *, kind: ObligationKind, atomic: bool, left: int
) -> None:
    """Of what others have yet to see no part is done; a requester sees what they do."""
    plan = adds(1, 2)
    facts = facts_for(plan, REGISTRY)
    waiting = a_decision(obligations=(Obligation(kind=kind),))
    facts = replace(facts, decisions=(facts.decisions[0], waiting))

    judgement = pipeline.kept(pipeline.run(plan, facts, REGISTRY), facts, atomic=atomic)

    assert judgement.state.components == {"box": {"value": left}}
    assert judgement.outcome.status is StepStatus.REFUSED
    expected = StepStatus.DONE if left else StepStatus.ROLLED_BACK
    assert judgement.outcome.steps[0].status is expected


def test_a_plan_that_stops_keeps_what_it_did() -> None:
    """Unless it was to be whole."""
    plan = adds(1, "two")
    facts = facts_for(plan, REGISTRY)
    judgement = pipeline.run(plan, facts, REGISTRY)

    assert pipeline.kept(judgement, facts, atomic=False) is judgement
    assert pipeline.kept(judgement, facts, atomic=True).state == facts.state


def test_what_policy_hides_is_hidden_in_steps_that_are_not_reached() -> None:
    """A record does not show of a step that was not judged what it would not of one that was."""
    hide = a_decision(obligations=(Obligation(kind=ObligationKind.REDACT, pointers=("/value",)),))

    outcome = run(adds("x", 4242), decisions=(hide, hide)).outcome

    assert [step.inputs for step in outcome.steps] == [{"value": "[redacted]"}] * 2
    assert "4242" not in outcome.model_dump_json()
