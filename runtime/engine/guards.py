"""Check a step before its handler runs: an ordered table whose order is part of the contract.

Each guard is a pure function from the facts of one step to a refusal or None. The first refusal
ends the plan. `tests/unit/runtime/engine/test_guards.py` proves each guard by its removal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from runtime.domain.action import Visibility
from runtime.domain.approval import OVERRIDERS, Consent, ConsentKind, may_approve
from runtime.domain.outcome import Refusal
from runtime.domain.policy import Obligation, ObligationKind, PolicyDecision
from runtime.domain.reason import ReasonCode
from runtime.engine.facts import StepFacts
from runtime.engine.limit_guards import inside_window, within_budget, within_quota, within_rate
from runtime.engine.shared_guards import within_shared_budget, within_shared_quota
from runtime.engine.shared_rate_guard import within_shared_rate
from runtime.kit.json_pointer import covers
from runtime.kit.redact import REDACTED

Guard: TypeAlias = Callable[[StepFacts], Refusal | None]

_CONSENT_OF = {
    ObligationKind.CONFIRM: ConsentKind.CONFIRMATION,
    ObligationKind.APPROVE: ConsentKind.APPROVAL,
}


def project_active(facts: StepFacts) -> Refusal | None:
    """Refuse everything in an archived project."""
    if facts.facts.project_active:
        return None
    return Refusal(
        guard="project_active",
        code=ReasonCode.PROJECT_ARCHIVED,
        expected="an active project",
        found=facts.facts.project,
        remedy="restore the project or choose another",
    )


def action_known(facts: StepFacts) -> Refusal | None:
    """Refuse an action that the registry does not hold, or whose plugin is turned off."""
    if not facts.facts.plugin_enabled:
        return Refusal(
            guard="action_known",
            code=ReasonCode.PLUGIN_DISABLED,
            expected="an action of a plugin that the organization lets act",
            found=facts.step.action,
            remedy="ask an owner of the organization to enable the plugin",
        )
    if facts.compiled is not None:
        return None
    return Refusal(
        guard="action_known",
        code=ReasonCode.ACTION_UNKNOWN,
        expected="an action of the registry",
        found=facts.step.action,
        remedy="use an id from the registry",
    )


def action_visible(facts: StepFacts) -> Refusal | None:
    """Refuse developer actions to everybody who is not a developer or an admin."""
    if facts.action.action.permission.visibility is Visibility.USER:
        return None
    derived = () if facts.decision is None else facts.decision.roles
    if {"developer", "admin", "owner"} & {*facts.facts.principal.roles, *derived}:
        return None
    return Refusal(
        guard="action_visible",
        code=ReasonCode.ACTION_HIDDEN,
        expected="an action that is visible to the principal",
        found=facts.step.action,
        remedy="ask a developer or an admin",
    )


def effects_declared(facts: StepFacts) -> Refusal | None:
    """Refuse an action that asks for an effect which its plugin does not declare."""
    declared = facts.action.effects
    undeclared = declared.undeclared(facts.action.action)
    if undeclared is None:
        return None
    return Refusal(
        guard="effects_declared",
        code=ReasonCode.EFFECT_UNDECLARED,
        expected=f"effects that the plugin '{declared.plugin}' has or declares",
        found=undeclared,
        remedy=declared.remedy(undeclared),
    )


def inputs_valid(facts: StepFacts) -> Refusal | None:
    """Refuse inputs that break the action's schema."""
    schema = facts.action.inputs
    if schema.accepts(facts.step.inputs):
        return None
    problem = schema.problems(facts.step.inputs)[0]
    hidden = any(covers(pointer, problem.pointer) for pointer in hidden_inputs(facts))
    return Refusal(
        guard="inputs_valid",
        code=ReasonCode.INPUT_INVALID,
        expected="inputs that satisfy the schema",
        found=f"{problem.pointer or '/'}: {REDACTED if hidden else problem.message}",
        remedy=f"see the input schema of {facts.action.action.id}",
    )


def policy_allows(facts: StepFacts) -> Refusal | None:
    """Refuse what policy denied, and what it said nothing about."""
    decision = facts.decision
    if decision is None:
        return Refusal(
            guard="policy_allows",
            code=ReasonCode.POLICY_UNAVAILABLE,
            expected="a policy decision",
            remedy="try again when the policy engine answers",
        )
    if decision.allow:
        return None
    if not decision.reasons:
        return Refusal(
            guard="policy_allows",
            code=ReasonCode.POLICY_DENIED,
            expected="a policy that allows the step",
            remedy="ask an admin",
        )
    reason = decision.reasons[0]
    return Refusal(
        guard="policy_allows", code=reason.code, expected=reason.message, remedy=reason.remedy
    )


def preconditions_hold(facts: StepFacts) -> Refusal | None:
    """Refuse when a precondition of the action is not exactly true."""
    broken = facts.action.preconditions.first_broken(facts.state.components, facts.step.inputs)
    if broken is None:
        return None
    return Refusal(
        guard="preconditions_hold",
        code=ReasonCode.PRECONDITION_ERROR if broken.error else ReasonCode.PRECONDITION_UNMET,
        expected=broken.condition.message,
        found=broken.error or broken.condition.rule,
        remedy="bring the state there first, or change the inputs",
    )


def within_cap(facts: StepFacts) -> Refusal | None:
    """Refuse a step that costs more than policy allows it to, urgent or not."""
    caps = [item.units for item in _obligations(facts, ObligationKind.CAP_COST)]
    action = facts.action.action
    if not caps or action.cost <= min(caps):
        return None
    return Refusal(
        guard="within_cap",
        code=ReasonCode.COST_CAPPED,
        expected=f"a step that costs at most {min(caps)} units, as policy says",
        found=action.cost,
        remedy="use a cheaper action, or ask an admin to change the policy",
    )


def gate_passed(facts: StepFacts) -> Refusal | None:
    """Refuse a step that needs a passed evaluation of whoever proposed it, until there is one."""
    if not _obligations(facts, ObligationKind.EVAL_GATE) or facts.facts.gate.passed:
        return None
    return Refusal(
        guard="gate_passed",
        code=ReasonCode.GATE_REQUIRED,
        expected="a passed evaluation of the model, the prompt and the registry of this plan",
        found=facts.facts.gate.ungated,
        remedy="run `plangate eval run --gate --publish` with them, or name a gate that passed",
    )


def confirmed(facts: StepFacts) -> Refusal | None:
    """Refuse a step that needs the requester's confirmation until it is there."""
    if not _obligations(facts, ObligationKind.CONFIRM):
        return None
    if consents_for(facts, ObligationKind.CONFIRM):
        return None
    return Refusal(
        guard="confirmed",
        code=ReasonCode.CONFIRMATION_REQUIRED,
        expected="the requester's confirmation of this plan",
        remedy="confirm the plan as it stands",
    )


def approved(facts: StepFacts) -> Refusal | None:
    """Refuse a step that needs other people's approval until enough of them gave it.

    Each obligation is met on its own: of the people who said yes, as many have its role as it asks.
    Two people who put approval aside together are enough for all of them.
    """
    if len(overriding_consents(facts)) >= OVERRIDERS:
        return None
    for obligation in _obligations(facts, ObligationKind.APPROVE):
        given = len(consents_for(facts, ObligationKind.APPROVE, role=obligation.role))
        if given < obligation.count:
            whose = (
                "other people" if obligation.role is None else f"others who are {obligation.role}"
            )
            return Refusal(
                guard="approved",
                code=ReasonCode.APPROVAL_REQUIRED,
                expected=f"{obligation.count} approval(s) by {whose}",
                found=facts.facts.unapproved or given,
                remedy="ask a colleague to approve the plan as it stands",
            )
    return None


GUARDS: tuple[Guard, ...] = (
    project_active,
    action_known,
    action_visible,
    effects_declared,
    inputs_valid,
    policy_allows,
    inside_window,
    preconditions_hold,
    within_rate,
    within_shared_rate,
    within_quota,
    within_budget,
    within_shared_quota,
    within_shared_budget,
    within_cap,
    gate_passed,
    confirmed,
    approved,
)
"""The contract: cheap and identity-bound checks first, people last."""


def first_refusal(facts: StepFacts, guards: Iterable[Guard] = GUARDS) -> Refusal | None:
    """Return the refusal of the first guard that refuses, or None."""
    for guard in guards:
        refusal = guard(facts)
        if refusal is not None:
            return refusal
    return None


def consents_for(
    facts: StepFacts, kind: ObligationKind, *, role: str | None = None
) -> tuple[str, ...]:
    """Return the ids of consents that satisfy an obligation, one for each person.

    Args:
        facts: of the step.
        kind: `CONFIRM` or `APPROVE`.
        role: for `APPROVE`, what the person who gave it has to be; None: who administers.
    """
    decision = facts.decision
    if decision is None:
        return ()
    by_person = {
        consent.granted_by: consent.id
        for consent in _covering(facts, _CONSENT_OF[kind], revision=decision.revision)
        if not consent.overrides
        and (kind is ObligationKind.CONFIRM or may_approve(role, consent.roles))
    }
    return tuple(by_person.values())


def overriding_consents(facts: StepFacts) -> tuple[str, ...]:
    """Return the ids of consents that put approval aside, one for each person who administers."""
    decision = facts.decision
    if decision is None or not facts.facts.consents:
        return ()
    by_person = {
        consent.granted_by: consent.id
        for consent in _covering(facts, ConsentKind.APPROVAL, revision=decision.revision)
        if consent.overrides and may_approve(None, consent.roles)
    }
    return tuple(by_person.values())


def _covering(facts: StepFacts, kind: ConsentKind, *, revision: str) -> tuple[Consent, ...]:
    return tuple(
        consent
        for consent in facts.facts.consents
        if consent.covers(
            kind,
            plan_digest=facts.plan_digest,
            requester=facts.facts.principal.id,
            revision=revision,
            now=facts.facts.now,
        )
    )


def hidden_inputs(facts: StepFacts) -> tuple[str, ...]:
    """Return where the inputs hold what policy wants no record to show."""
    return hidden_by(facts.decision)


def hidden_by(decision: PolicyDecision | None) -> tuple[str, ...]:
    """Return where a decision wants inputs hidden; none where policy was silent."""
    if decision is None or not decision.obligations:
        return ()
    return tuple(
        pointer
        for item in decision.obligations
        if item.kind is ObligationKind.REDACT
        for pointer in item.pointers
    )


def _obligations(facts: StepFacts, kind: ObligationKind) -> tuple[Obligation, ...]:
    decision = facts.decision
    if decision is None or not decision.obligations:
        return ()
    return tuple(item for item in decision.obligations if item.kind is kind)
