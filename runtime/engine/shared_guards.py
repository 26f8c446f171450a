"""Check a step against the quotas and budgets that projects of an organization share.

As with the limits of one project, a step is checked together with those behind it, up to the next
urgent one, and urgent ones are held back by nothing. A commit compares once more: what is known
here of other projects may be old by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from runtime.domain.action import Action
from runtime.domain.limits import LimitRefusal
from runtime.domain.outcome import Refusal
from runtime.domain.reason import ReasonCode
from runtime.domain.shared_limits import BudgetBound, BudgetMeasure, SharedLimits
from runtime.domain.shared_use import (
    Duty,
    Payer,
    Periods,
    SharedUse,
    amount,
    charges_of,
    duty_of,
    period_end,
    periods_of,
)
from runtime.engine.facts import Facts, StepFacts
from runtime.engine.limit_guards import counted_apart, remedy, together, urgent

SHARED_GUARDS: Final = frozenset({"within_shared_quota", "within_shared_budget"})
"""The names of guards whose refusals rest on what is used in other projects as well."""
_ACTIONS: Final = BudgetMeasure.ACTIONS


def within_shared_quota(facts: StepFacts) -> Refusal | None:
    """Refuse when the step and those behind it are more than an organization's quota allows."""
    limits = facts.facts.shared_limits
    if limits is None or urgent(facts):
        return None
    return _first_passed(facts, limits, quotas=True)


def within_shared_budget(facts: StepFacts) -> Refusal | None:
    """Refuse when the step and those behind it don't fit into every budget of the organization."""
    limits = facts.facts.shared_limits
    if limits is None or urgent(facts):
        return None
    return _first_passed(facts, limits, quotas=False)


def shared_use_after(use: SharedUse, action: Action, facts: Facts) -> SharedUse:
    """Return what is used of shared budgets once an action of a plan is done."""
    limits = facts.shared_limits
    if limits is None:
        return use
    periods = periods_of(limits, facts.now)
    charges = charges_of(limits, action, payer=_payer(facts), periods=periods)
    return use.after((duty.counter, more) for duty, more in charges.all)


def _first_passed(facts: StepFacts, limits: SharedLimits, *, quotas: bool) -> Refusal | None:
    use = facts.shared_use
    for duty, wanted in _wanted(facts, limits, quotas=quotas):
        used = use.of(duty.counter)
        if wanted and used + wanted > duty.most:
            return _over(facts, limits, duty, figures=(used, wanted))
    return None


def _wanted(facts: StepFacts, limits: SharedLimits, *, quotas: bool) -> Iterable[tuple[Duty, int]]:
    """Return each budget that a step and those behind it are charged to, and with how much."""
    payer, periods = _payer(facts.facts), periods_of(limits, facts.facts.now)
    if not facts.ahead:
        charges = charges_of(limits, facts.action.action, payer=payer, periods=periods)
        return charges.quotas if quotas else charges.budgets
    return _wanted_together(facts, limits, payer=payer, periods=periods, quotas=quotas)


def _wanted_together(
    facts: StepFacts, limits: SharedLimits, *, payer: Payer, periods: Periods, quotas: bool
) -> Iterator[tuple[Duty, int]]:
    actions = (facts.action.action, *facts.ahead)
    for bound in limits.bounds:
        if (bound.measure is _ACTIONS) is not quotas:
            continue
        for name, concerned in counted_apart(bound.scope, actions):
            duty = duty_of(bound, payer=payer, action=name, periods=periods)
            if duty is not None:
                yield duty, sum(amount(action, bound.measure) for action in concerned)


def _over(
    facts: StepFacts, limits: SharedLimits, duty: Duty, *, figures: tuple[int, int]
) -> Refusal:
    (used, wanted), bound = figures, duty.bound
    quota, zone = bound.measure is _ACTIONS, limits.document.zone
    kind, steps = "quota" if quota else "budget", 1 + len(facts.ahead)
    resets_at = None if wanted > duty.most else period_end(bound.per, duty.counter[1], zone)
    return Refusal(
        guard=f"within_shared_{kind}",
        code=ReasonCode.QUOTA_EXCEEDED if quota else ReasonCode.BUDGET_EXCEEDED,
        expected=(
            f"at most {duty.most} {_what(bound, limits)} a {bound.per.value} of the organization's "
            f"{kind} for {_whose(duty)}{together(steps)}"
        ),
        found=used + wanted,
        remedy=remedy(
            f"have the organization's {kind} raised or wait until it renews",
            resets_at,
            wanted=steps,
        ),
        limit=LimitRefusal(
            scope=bound.scope,
            subject=duty.subject,
            measure=bound.named,
            limit=duty.most,
            used=used,
            wanted=wanted,
            resets_at=resets_at,
        ),
    )


def _what(bound: BudgetBound, limits: SharedLimits) -> str:
    if bound.measure is BudgetMeasure.MONEY:
        return f"millionths of {limits.document.currency}"
    return bound.measure.value


def _whose(duty: Duty) -> str:
    if duty.subject is None:
        return "all projects"
    return f"the {duty.bound.scope.value} '{duty.subject}'"


def _payer(facts: Facts) -> Payer:
    return Payer(project=facts.project, principal=facts.principal.id)
