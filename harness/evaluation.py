"""Carry one run through: create or resume its folder, do the trials, judge, and report.

This is what `plangate eval run` does; everything it decides comes from the modules below it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.baseline import Baseline
from harness.bootstrap import ConfigurationError, close_all
from harness.gate import GateReport, GateRules, judge
from harness.matrix import TrialJob, jobs
from harness.prepared import PreparedScenario
from harness.replay import Contender
from harness.reporting.terminal import Progress
from harness.results import (
    GATE,
    MANIFEST,
    SUMMARY,
    Manifest,
    ManifestModel,
    ManifestScenario,
    ResultsWriter,
    RunError,
    make_folder,
    read_manifest,
    read_records,
    write_json,
)
from harness.run import Contest, Sink, do_trials
from harness.scoring.table import SCORER_VERSION
from harness.settings import code_version
from harness.summary import ModelSummary, Tally
from harness.trial import TrialKey, TrialRecord
from runtime.public import Clock, digest

SUMMARY_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRequest:
    """Say what to run.

    Attributes:
        paths: as given, for the manifest.
        tags: restriction, for the manifest.
        suite_digest: digest over the scenarios.
        trials: repetitions of every scenario by every model.
        seed: what all randomness of the run comes from.
        concurrency: trials in flight.
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
    max_tokens: int = 1024
    timeout_s: float = 60.0
    retries: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """Say whom the gate judges, by which rules, against which baselines.

    Attributes:
        whole: models of which this run replays all that their baseline holds.
    """

    rules: GateRules
    models: tuple[str, ...]
    baselines: Mapping[str, Baseline]
    whole: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """Hold what came of a run."""

    models: tuple[ModelSummary, ...]
    gate: GateReport | None


def evaluate(
    request: RunRequest,
    scenarios: Sequence[PreparedScenario],
    contenders: Mapping[str, Contender],
    *,
    gate: GateRequest | None,
    progress: Progress,
    clock: Clock,
) -> Finished:
    """Do what is left of a run and write its record.

    Raises:
        RunError: the folder can't be used, can't be written, or is another process's.
        KeyboardInterrupt: after the finished trials were written.
    """
    started = clock.monotonic_s()
    _open_folder(request, scenarios, contenders, created=clock.now().isoformat(timespec="seconds"))
    tally = Tally()
    with ResultsWriter(request.folder) as writer:
        done = _take_up(request.folder, tally)
        waiting = _waiting(request, scenarios, contenders, done=done)
        if waiting:  # figures and verdict of what was there are none of the run that goes on
            for name in (SUMMARY, GATE):
                (request.folder / name).unlink(missing_ok=True)
        progress.started(total=len(waiting), models=tuple(contenders))

        def sink(record: TrialRecord) -> None:
            writer.write(record)
            tally.add(record)
            progress.finished(record)

        contest = Contest(
            scenarios={item.scenario.id: item for item in scenarios},
            contenders=contenders,
            concurrency=request.concurrency,
        )
        try:
            asyncio.run(_trials(contest, waiting, sink))
        except ExceptionGroup as group:
            raise _told(group) from group
        finally:
            progress.closed()
        return _conclude(
            request, tally, gate, digests=_digests(scenarios), wall_s=clock.monotonic_s() - started
        )


def _waiting(
    request: RunRequest,
    scenarios: Sequence[PreparedScenario],
    contenders: Mapping[str, Contender],
    *,
    done: set[TrialKey],
) -> list[TrialJob]:
    ids = [item.scenario.id for item in scenarios]
    every = jobs(ids, list(contenders), trials=request.trials, seed=request.seed)
    return [job for job in every if job.key not in done]


def _told(group: ExceptionGroup[Exception]) -> Exception:
    """Return the error that a person can act on, out of those that ended the workers."""
    found = group.subgroup(RunError)
    return found.exceptions[0] if found is not None else group


async def _trials(contest: Contest, waiting: list[TrialJob], sink: Sink) -> None:
    try:
        await do_trials(contest, iter(waiting), sink)
    finally:
        await close_all([contender.model for contender in contest.contenders.values()])


def _open_folder(
    request: RunRequest,
    scenarios: Sequence[PreparedScenario],
    contenders: Mapping[str, Contender],
    *,
    created: str,
) -> None:
    manifest = _manifest(request, scenarios, contenders, created=created)
    if not (request.folder / MANIFEST).exists():
        make_folder(request.folder)
        write_json(request.folder / MANIFEST, manifest.model_dump(mode="json"))
        return
    before = read_manifest(request.folder)
    for name in ("suite_digest", "trials", "seed", "comparability"):
        then, now = getattr(before, name), getattr(manifest, name)
        if then != now:
            raise ConfigurationError(
                f"the run can't be resumed: its {name} was {then}, now it is {now}; "
                "restore the scenarios and settings, or start a new run"
            )


def _manifest(
    request: RunRequest,
    scenarios: Sequence[PreparedScenario],
    contenders: Mapping[str, Contender],
    *,
    created: str,
) -> Manifest:
    return Manifest(
        run=request.run,
        created=created,
        code=code_version(),
        paths=request.paths,
        tags=request.tags,
        models=tuple(
            ManifestModel(reference=name, label=item.label, offline=item.model.offline)
            for name, item in contenders.items()
        ),
        trials=request.trials,
        seed=request.seed,
        concurrency=request.concurrency,
        max_tokens=request.max_tokens,
        timeout_s=request.timeout_s,
        retries=request.retries,
        suite_digest=request.suite_digest,
        comparability=_comparability(scenarios),
        scenarios=tuple(_described(item) for item in scenarios),
    )


def _comparability(scenarios: Sequence[PreparedScenario]) -> dict[str, dict[str, str]]:
    """Return by environment what must be equal to compare runs.

    Scenarios that offer only some of an environment's actions each have a registry of their own;
    its digest then stands for all of them.
    """
    registries: dict[str, set[str]] = defaultdict(set)
    found: dict[str, dict[str, str]] = {}
    for item in scenarios:
        name = item.scenario.environment
        registries[name].add(item.sandbox.comparability["registry"])
        found[name] = {**item.sandbox.comparability, "scorers": SCORER_VERSION}
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


def _take_up(folder: Path, tally: Tally) -> set[TrialKey]:
    """Count the trials that an interrupted run finished."""
    finished: set[TrialKey] = set()
    for record in read_records(folder):
        tally.add(record)
        finished.add(record.key)
    return finished


def _conclude(
    request: RunRequest,
    tally: Tally,
    gate: GateRequest | None,
    *,
    digests: dict[str, str],
    wall_s: float,
) -> Finished:
    models = tally.models()
    report = None
    if gate is not None:
        judged = tuple(item for item in models if item.model in gate.models)
        report = judge(
            judged, gate.rules, baselines=gate.baselines, digests=digests, whole=gate.whole
        )
        write_json(request.folder / GATE, report.document())
    write_json(
        request.folder / SUMMARY,
        {
            "version": SUMMARY_VERSION,
            "run": request.run,
            "finished": True,
            "wall_s": round(wall_s, 3),
            "models": [item.document() for item in models],
        },
    )
    return Finished(models=models, gate=report)


def _digests(scenarios: Sequence[PreparedScenario]) -> dict[str, str]:
    return {item.scenario.id: item.scenario.digest for item in scenarios}
