"""Open a run's folder: describe a new run, or hold a resumed one to its description."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bootstrap import ConfigurationError
from harness.prepared import PreparedScenario
from harness.replay import Contender
from harness.results import (
    MANIFEST,
    Manifest,
    ManifestModel,
    ManifestScenario,
    make_folder,
    read_manifest,
    write_json,
)
from harness.scoring.installed import all_scorers, scorer_version
from harness.settings import code_version
from harness.stats.sequential import Plan
from runtime.public import DeclarationError, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Say what to run.

    Attributes:
        paths: as given, for the manifest.
        tags: restriction, for the manifest.
        suite_digest: digest over the scenarios.
        trials: repetitions of every scenario by every model; the most of them with `early`.
        early: the rule by which a scenario's trials end as soon as they have said enough.
        seed: what all randomness of the run comes from.
        concurrency: trials in flight.
        created: when the run began; of a replay, what the recordings say.
        replays: every answer comes from cassettes, so the run takes no time worth telling.
        gated: the run ends with a verdict, also when somebody resumes it.
        cap_cost_micros, cap_tokens: what it may spend, for whoever resumes it.
        max_tokens, timeout_s, retries: how every model is asked, for the manifest.
    """

    run: str
    folder: Path
    paths: tuple[str, ...]
    tags: tuple[str, ...]
    suite_digest: str
    trials: int
    seed: int
    concurrency: int
    created: str
    early: Plan | None = None
    replays: bool = False
    gated: bool = False
    cap_cost_micros: int | None = None
    cap_tokens: int | None = None
    max_tokens: int = 1024
    timeout_s: float = 60.0
    retries: int = 3


def open_folder(
    request: RunRequest,
    scenarios: Sequence[PreparedScenario],
    contenders: Mapping[str, Contender],
) -> Manifest:
    """Write the manifest of a new run, or check that a resumed one is the same run.

    Raises:
        RunError: the folder can't be used.
        ConfigurationError: what is resumed is not what was begun.
    """
    manifest = _manifest(request, scenarios, contenders)
    if not (request.folder / MANIFEST).exists():
        make_folder(request.folder)
        write_json(request.folder / MANIFEST, manifest.model_dump(mode="json"))
        return manifest
    before = read_manifest(request.folder)
    for name in ("suite_digest", "trials", "early", "seed", "comparability"):
        then, now = getattr(before, name), getattr(manifest, name)
        if then != now:
            raise ConfigurationError(
                f"the run can't be resumed: its {name} was {then}, now it is {now}; "
                "restore the scenarios and settings, or start a new run"
            )
    for then, now in zip(before.models, manifest.models, strict=True):
        if then.conditions != now.conditions:
            changed = sorted(set(then.conditions.items()) ^ set(now.conditions.items()))
            raise ConfigurationError(
                f"the run can't be resumed: {changed[0][0]} of {then.reference} was "
                f"{then.conditions.get(changed[0][0])}, now it is "
                f"{now.conditions.get(changed[0][0])}; give the same options, or start a new run"
            )
    return before


def _manifest(
    request: RunRequest,
    scenarios: Sequence[PreparedScenario],
    contenders: Mapping[str, Contender],
) -> Manifest:
    return Manifest(
        run=request.run,
        created=request.created,
        code=code_version(),
        paths=request.paths,
        tags=request.tags,
        models=tuple(
            ManifestModel(
                reference=name,
                label=item.label,
                offline=item.model.offline,
                conditions=dict(item.conditions),
            )
            for name, item in contenders.items()
        ),
        trials=request.trials,
        early=None if request.early is None else _early(request.early),
        replays=request.replays,
        gated=request.gated,
        cap_cost_micros=request.cap_cost_micros,
        cap_tokens=request.cap_tokens,
        seed=request.seed,
        concurrency=request.concurrency,
        max_tokens=request.max_tokens,
        timeout_s=request.timeout_s,
        retries=request.retries,
        suite_digest=request.suite_digest,
        comparability=_comparability(scenarios),
        scenarios=tuple(_described(item) for item in scenarios),
    )


def _scorers() -> str:
    """Return which scorers there are, once all of them can be asked.

    Raises:
        ConfigurationError: one that is installed can't be.
    """
    try:
        all_scorers()
        return scorer_version()
    except DeclarationError as error:
        raise ConfigurationError(str(error)) from error


def _comparability(scenarios: Sequence[PreparedScenario]) -> dict[str, dict[str, str]]:
    """Return by environment what must be equal to compare runs.

    Scenarios that offer only some of an environment's actions each have a registry of their own;
    its digest then stands for all of them.
    """
    registries: dict[str, set[str]] = defaultdict(set)
    found: dict[str, dict[str, str]] = {}
    scorers = _scorers()
    for item in scenarios:
        name = item.scenario.environment
        registries[name].add(item.sandbox.comparability["registry"])
        found[name] = {**item.sandbox.comparability, "scorers": scorers}
    for name, digests in registries.items():
        if len(digests) > 1:
            found[name]["registry"] = digest(sorted(digests))
    return found


def _described(prepared: PreparedScenario) -> ManifestScenario:
    scenario = prepared.scenario
    return ManifestScenario(
        id=scenario.id,
        environment=scenario.environment,
        suite=scenario.suite,
        tags=scenario.tags,
        family=scenario.family,
        reason=scenario.reason,
        file=scenario.file,
        line=scenario.line,
        digest=scenario.digest,
    )


def _early(plan: Plan) -> dict[str, float]:
    return {
        "good": plan.good,
        "bad": plan.bad,
        "alpha": plan.alpha,
        "beta": plan.beta,
        "longest": plan.longest,
    }
