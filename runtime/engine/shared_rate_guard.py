"""Check a step against the rates that projects of an organization share.

Room for a plan's steps was taken before it is judged, stretch by stretch, by who counts for all
processes; what is checked here is how far that room goes. Urgent steps are held back by nothing.
"""

from __future__ import annotations

from runtime.domain.limits import BudgetScope, LimitMeasure, LimitRefusal
from runtime.domain.outcome import Refusal
from runtime.domain.reason import ReasonCode
from runtime.domain.shared_rates import RateRefusal
from runtime.engine.facts import StepFacts
from runtime.engine.limit_guards import remedy, together, urgent


def within_shared_rate(facts: StepFacts) -> Refusal | None:
    """Refuse a step for which, with those behind it, a rate of the organization had no room."""
    grant = facts.facts.rate_grant
    if grant is None or grant.refusal is None or facts.index < grant.steps or urgent(facts):
        return None
    return _over(grant.refusal)


def _over(refused: RateRefusal) -> Refusal:
    window, wanted = refused.window, refused.wanted
    minute = window.measure is LimitMeasure.PER_MINUTE
    subject = None if window.scope is BudgetScope.ORGANIZATION else window.subject
    whose = "all projects" if subject is None else f"the {window.scope.value} '{subject}'"
    return Refusal(
        guard="within_shared_rate",
        code=ReasonCode.RATE_LIMITED,
        expected=(
            f"at most {window.most} actions {'a minute' if minute else 'an hour'} of the "
            f"organization's rate for {whose}{together(wanted)}"
        ),
        found=refused.used + wanted,
        remedy=remedy(
            f"wait until the {'minute' if minute else 'hour'} has passed",
            refused.free_at,
            wanted=wanted,
        ),
        limit=LimitRefusal(
            scope=window.scope,
            subject=subject,
            measure=window.measure,
            limit=window.most,
            used=refused.used,
            wanted=wanted,
            resets_at=refused.free_at,
        ),
    )
