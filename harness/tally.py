"""Hold how the scenarios of one model went, as comparisons and baselines see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioTally:
    """Keep how one scenario went: `passed` of `trials` scored trials."""

    environment: str
    suite: str
    family: str
    digest: str
    passed: int
    trials: int

    @property
    def share(self) -> Fraction:
        """Return the share of trials that passed."""
        return Fraction(self.passed, self.trials)


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """Hold one model of one run as a comparison sees it.

    Attributes:
        key: what must be equal, as `environment.part` or, for the whole run, `part`.
        scenarios: those with a scored trial, by id.
        asked: every scenario of the run, also those that lost all their trials.
    """

    model: str
    run: str
    key: Mapping[str, str]
    scenarios: Mapping[str, ScenarioTally]
    asked: frozenset[str]
