"""Prove that scores and findings are written as reports read them."""

from __future__ import annotations

from harness.score import Finding, FindingKind, Score


def test_a_score_with_findings_is_written_whole() -> None:
    """Findings keep their kind, words and step."""
    finding = Finding(kind=FindingKind.RISK, message="m", step=2)

    assert Score(name="g", value=0.0, passed=False, findings=(finding,)).document() == {
        "value": 0.0,
        "passed": False,
        "findings": [{"kind": "risk", "message": "m", "step": 2}],
    }
