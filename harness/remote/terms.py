"""State what a worker must hold to before it scores a trial of a run: same code, same suite.

The run's own process publishes the terms; a worker opens the run by them and refuses when what it
opened is not the same. They hold no key and no prompt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict

from harness.prepared import PreparedScenario
from harness.remote.rates import Rate
from harness.replay import Contender
from harness.results import Manifest
from harness.scoring.installed import scorer_version
from runtime.public import JsonObject, digest

TERMS_VERSION: Final = 1


class Unfit(Exception):  # noqa: N818  # a refusal, which the run's own process tells
    """A worker that must not score trials of a run; the message says what is different."""


class Terms(BaseModel):
    """Hold what every machine of a run must agree on.

    Attributes:
        generation: names the process that sends the trials now.
        conditions: by model, in the order of the run: its sampling, price and versions.
        prices: of models whose own reference names none, dollars a million tokens in and out.
        engine: digest over what the scenarios' sandboxes and the scorers are.
        lease_ms: how long a batch is a worker's without a sign of life.
        capped: whether calls draw on a purse.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = TERMS_VERSION
    run: str
    generation: str
    code: str
    paths: tuple[str, ...]
    tags: tuple[str, ...]
    conditions: dict[str, dict[str, str]]
    prices: dict[str, tuple[str, str]]
    rates: dict[str, Rate]
    suite_digest: str
    engine: str
    max_tokens: int
    timeout_s: float
    retries: int
    lease_ms: int
    capped: bool

    def setting(self) -> str:
        """Return a digest over what opening depends on: equal settings are opened once."""
        kept = self.model_dump(
            mode="json", exclude={"run", "generation", "rates", "lease_ms", "capped"}
        )
        return digest(kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Hold what a worker opened to replay trials of a run.

    Attributes:
        scenarios: by id.
        contenders: by model reference.
    """

    suite_digest: str
    scenarios: Mapping[str, PreparedScenario]
    contenders: Mapping[str, Contender]


def terms_of(
    manifest: Manifest,
    scenarios: Mapping[str, PreparedScenario],
    contenders: Mapping[str, Contender],
    **chosen: object,
) -> Terms:
    """State the terms of a run from its manifest.

    Args:
        manifest: of the run.
        scenarios: by id.
        contenders: by model reference.
        chosen: what the manifest does not say.
    """
    known: JsonObject = {
        "run": manifest.run,
        "code": manifest.code,
        "paths": manifest.paths,
        "tags": manifest.tags,
        "conditions": {name: dict(item.conditions) for name, item in contenders.items()},
        "suite_digest": manifest.suite_digest,
        "engine": engine_digest(scenarios),
        "max_tokens": manifest.max_tokens,
        "timeout_s": manifest.timeout_s,
        "retries": manifest.retries,
    }
    return Terms.model_validate({**known, **chosen})


def engine_digest(scenarios: Mapping[str, PreparedScenario]) -> str:
    """Return a digest over everything but the scenarios themselves that scores depend on."""
    sandboxes = {id(item.sandbox): item.sandbox for item in scenarios.values()}
    known = {name: dict(sandbox.comparability) for name, sandbox in sandboxes.items()}
    parts: JsonObject = {name: known[id(item.sandbox)] for name, item in scenarios.items()}
    return digest({"scorers": scorer_version(), "scenarios": parts})


def hold_to_code(terms: Terms, code: str) -> None:
    """Refuse terms that other code is asked to keep.

    Raises:
        Unfit: the run was begun with other code than this.
    """
    if terms.code != code:
        raise Unfit(
            f"it runs plangate {code}, the run was begun with {terms.code}; "
            "start workers of the same code"
        )


def hold_to(terms: Terms, stage: Stage) -> None:
    """Refuse terms that what was opened does not meet.

    Raises:
        Unfit: other scenarios, another engine, or a model asked otherwise.
    """
    if terms.suite_digest != stage.suite_digest:
        raise Unfit(
            f"its scenarios below {', '.join(terms.paths)} are others than the run's "
            f"(digest {stage.suite_digest[:12]}, expected {terms.suite_digest[:12]}); "
            "give it the same files"
        )
    engine = engine_digest(stage.scenarios)
    if terms.engine != engine:
        raise Unfit(
            f"its actions, prompt, policy or scorers are others than the run's (digest "
            f"{engine[:12]}, expected {terms.engine[:12]}); give it the same plugins"
        )
    for name, expected in terms.conditions.items():
        found = dict(stage.contenders[name].conditions)
        if found != expected:
            raise Unfit(f"it would ask {name} under {found}, the run does under {expected}")
