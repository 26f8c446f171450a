"""Are the proposed steps the expected ones, under the best one-to-one assignment?"""

from __future__ import annotations

from harness.matching.alignment import explain
from harness.score import Score
from harness.scoring.evidence import Evidence

NAME = "plan_match"


def score(evidence: Evidence) -> Score | None:
    """Pass when an acceptable plan matches; not asked when only the final state counts."""
    prepared = evidence.prepared
    if not prepared.scores_path:
        return None
    if evidence.alignment is None:
        return Score(
            name=NAME,
            value=0.0,
            passed=False,
            reason=f"a plan was expected, the answer was {evidence.kind}",
        )
    alignment = evidence.alignment
    plan = prepared.plans[evidence.aligned_plan]
    return Score(
        name=NAME,
        value=alignment.agreement,
        passed=alignment.matches,
        reason="; ".join(explain(alignment, plan)),
    )
