"""What did the proposal cost?"""

from __future__ import annotations

from harness.score import Score
from harness.scoring.evidence import Evidence

NAME = "cost"


def score(evidence: Evidence) -> Score:
    """Return millionths of a US dollar, or no value where a price is unknown; informs only."""
    micros = evidence.proposed.cost_micros
    return Score(
        name=NAME,
        value=None if micros is None else float(micros),
        passed=None,
        reason="the price is unknown" if micros is None else "",
    )
