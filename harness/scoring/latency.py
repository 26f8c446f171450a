"""How long did the person wait for the proposal?"""

from __future__ import annotations

from harness.score import Score
from harness.scoring.evidence import Evidence

NAME = "latency"


def score(evidence: Evidence) -> Score:
    """Return seconds from the message to the proposal; informs only."""
    return Score(name=NAME, value=evidence.proposed.latency_s, passed=None)
