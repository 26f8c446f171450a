"""Hold the scores to beat: one committed file a model, moved only by explicit blessing."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field

from harness.summary import ModelSummary

BASELINE_VERSION = 1


class BaselineScenario(BaseModel):
    """Keep one scenario's digest and the share of its trials that passed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    digest: str
    pass_share: float = Field(ge=0, le=1)


class Baseline(BaseModel):
    """Keep what one model reached in one run.

    Attributes:
        run: the run that was blessed.
        paths: what that run was asked for; another choice of paths leaves scenarios out on purpose.
        comparability: digests of registry, prompt and scorers at that time, for people to read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = BASELINE_VERSION
    model: str
    run: str
    paths: tuple[str, ...] = ()
    trials: int
    comparability: dict[str, str]
    scenarios: dict[str, BaselineScenario]


def baseline_of(
    summary: ModelSummary,
    *,
    run: str,
    paths: tuple[str, ...] = (),
    trials: int,
    digests: dict[str, str],
    comparability: dict[str, str],
) -> Baseline:
    """Make a baseline of what a model reached; scenarios without a scored trial are left out."""
    return Baseline(
        model=summary.model,
        run=run,
        paths=paths,
        trials=trials,
        comparability=comparability,
        scenarios={
            name: BaselineScenario(digest=digests[name], pass_share=share)
            for name, share in summary.scenarios.items()
            if share is not None and name in digests
        },
    )


def baseline_name(model: str) -> str:
    """Return the file name of a model's baseline: legal everywhere, and readable.

    >>> baseline_name("plangate/noisy-oracle?rate=0.2")
    'plangate-noisy-oracle-rate-0.2.json'
    """
    return re.sub(r"[^A-Za-z0-9.]+", "-", model).strip("-.") + ".json"
