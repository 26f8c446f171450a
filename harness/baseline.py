"""Hold the scores to beat: one committed file a model, moved only by explicit blessing."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field, model_validator

from harness.tally import ScenarioTally, Side

BASELINE_VERSION = 2


class BaselineScenario(BaseModel):
    """Keep how one scenario went, and the digest of its text."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: str
    suite: str
    family: str
    digest: str
    passed: int = Field(ge=0)
    trials: int = Field(ge=1)

    @model_validator(mode="after")
    def _possible(self) -> BaselineScenario:
        if self.passed > self.trials:
            message = f"{self.passed} of {self.trials} trials passed, expected at most all"
            raise ValueError(message)
        return self


class Baseline(BaseModel):
    """Keep what one model reached in one run.

    Attributes:
        run: the run that was blessed.
        paths: what that run was asked for; another choice of paths leaves scenarios out on purpose.
        key: digests of what must be equal to compare a run with this one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = BASELINE_VERSION
    model: str
    run: str
    paths: tuple[str, ...] = ()
    key: dict[str, str]
    scenarios: dict[str, BaselineScenario]

    def side(self) -> Side:
        """Return the baseline as one side of a comparison."""
        return Side(
            model=self.model,
            run=self.run,
            key=self.key,
            scenarios={
                name: ScenarioTally(
                    environment=item.environment,
                    suite=item.suite,
                    family=item.family,
                    digest=item.digest,
                    passed=item.passed,
                    trials=item.trials,
                )
                for name, item in self.scenarios.items()
            },
            asked=frozenset(self.scenarios),
        )


def baseline_of(side: Side, *, paths: tuple[str, ...] = ()) -> Baseline:
    """Make a baseline of what a model reached; scenarios without a scored trial are left out."""
    return Baseline(
        model=side.model,
        run=side.run,
        paths=paths,
        key=dict(side.key),
        scenarios={
            name: BaselineScenario(
                environment=item.environment,
                suite=item.suite,
                family=item.family,
                digest=item.digest,
                passed=item.passed,
                trials=item.trials,
            )
            for name, item in sorted(side.scenarios.items())
        },
    )


def baseline_name(model: str) -> str:
    """Return the file name of a model's baseline: legal everywhere, and readable.

    >>> baseline_name("plangate/noisy-oracle?rate=0.2")
    'plangate-noisy-oracle-rate-0.2.json'
    """
    return re.sub(r"[^A-Za-z0-9.]+", "-", model).strip("-.") + ".json"
