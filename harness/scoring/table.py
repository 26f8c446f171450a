"""List the scorers, and run them so that one that crashes is data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from harness.score import Score
from harness.scoring import (
    clarification,
    cost,
    efficiency,
    governance,
    harm,
    kind,
    latency,
    outcome,
    plan_match,
    validity,
)
from harness.scoring.evidence import Evidence
from runtime.public import PolicyUncheckableError

Scorer: TypeAlias = Callable[[Evidence], Score | None]
"""Answer one question about a trial, or None when the question does not arise."""

SCORER_VERSION = "2"
"""Raise it when a scorer changes its mind, so that old runs are not compared with new ones."""

SCORERS: Mapping[str, Scorer] = MappingProxyType(
    {
        module.NAME: module.score
        for module in (
            validity,
            kind,
            plan_match,
            outcome,
            governance,
            clarification,
            efficiency,
            harm,
            cost,
            latency,
        )
    }
)


def scores_of(evidence: Evidence, scorers: Mapping[str, Scorer] = SCORERS) -> tuple[Score, ...]:
    """Ask every question; a crash becomes an unscored answer that fails the trial."""
    found: list[Score] = []
    for name, scorer in scorers.items():
        try:
            score = scorer(evidence)
        except PolicyUncheckableError:
            raise  # it says something of the machine, nothing of scorer or model
        except Exception as error:  # noqa: BLE001  # a scorer's fault must not end a run
            detail = f"{type(error).__name__}: {error}"
            score = Score(name=name, value=None, passed=False, reason="crashed", error=detail)
        if score is not None:
            found.append(score)
    return tuple(found)


def passed(scores: tuple[Score, ...]) -> bool:
    """Say whether every deciding score passed; a trial that nothing decided has not."""
    verdicts = [score.passed for score in scores if score.passed is not None]
    return bool(verdicts) and all(verdicts)
