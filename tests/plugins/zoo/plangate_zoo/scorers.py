"""Ask of each plan what only zoos want to know."""

from __future__ import annotations

from harness.score import Score
from harness.scoring.evidence import Evidence

MOST_MEALS = 2


def gentle(evidence: Evidence) -> Score | None:
    """Say whether a plan feeds nobody more than twice; of what is no plan nothing is said."""
    if evidence.plan is None:
        return None
    meals = sum(step.action.startswith("enclosure.feed") for step in evidence.plan.steps)
    return Score(
        name="gentle",
        value=float(meals),
        passed=meals <= MOST_MEALS,
        reason=f"{meals} meals, at most {MOST_MEALS}",
    )
