"""How many steps and calls did it take, against the golden plan's?"""

from __future__ import annotations

from harness.score import Score
from harness.scoring.evidence import Evidence

NAME = "efficiency"


def score(evidence: Evidence) -> Score | None:
    """Return golden steps / proposed steps, at most 1; it informs and does not decide."""
    plan, golden = evidence.plan, evidence.prepared.golden
    if plan is None or golden is None or not plan.steps:
        return None
    return Score(
        name=NAME,
        value=min(1.0, len(golden.steps) / len(plan.steps)),
        passed=None,
        reason=f"steps {len(plan.steps)}, golden {len(golden.steps)}; "
        f"model calls {evidence.proposed.calls}",
    )
