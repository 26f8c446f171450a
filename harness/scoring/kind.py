"""Was a plan, a question or a decline the right kind of answer?"""

from __future__ import annotations

from harness.score import Score
from harness.scoring.evidence import Evidence

NAME = "kind"


def score(evidence: Evidence) -> Score | None:
    """Pass when the answer is of an expected kind; not asked when only `never` is expected."""
    expected = evidence.prepared.scenario.expect.kinds
    if not expected:
        return None
    right = evidence.kind in expected
    wanted = " or ".join(sorted(expected))
    return Score(
        name=NAME,
        value=float(right),
        passed=right,
        reason="" if right else f"expected {wanted}, the answer was {evidence.kind}",
    )
