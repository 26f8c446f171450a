"""Prove that latency is told and decides nothing."""

from __future__ import annotations

from harness.scoring.latency import score
from tests.worlds import SET_THREE, evidence, prepared


def test_the_wait_is_told_in_seconds() -> None:
    """From the message to the proposal."""
    found = score(evidence(prepared(), SET_THREE, latency_s=1.5))

    assert (found.value, found.passed) == (1.5, None)
