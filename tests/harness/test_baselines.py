"""The baselines that are shipped are those of the suites, rules and scorers that are shipped."""

from __future__ import annotations

from pathlib import Path

from tests.harness.command import plangate
from tests.worlds import ROOT


def test_the_shipped_suites_pass_their_gate_against_the_shipped_baselines(tmp_path: Path) -> None:
    """What `make eval` judges: whatever changes a baseline's ground needs a new one in the commit.

    A stale baseline is no failure of a model: it makes the comparison unverifiable (exit code 3).
    """
    ran = plangate(
        "eval",
        "run",
        "scenarios",
        "--model",
        "plangate/oracle",
        "--gate",
        "--output",
        tmp_path / "run",
        "--no-track",
        "--json",
        folder=ROOT,
    )

    assert (ran.code, "unverifiable" in ran.err + ran.out) == (0, False), ran.err
