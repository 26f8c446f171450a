"""Carry out `plangate eval run`: read, open, evaluate, report, track, and say how it went."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from pydantic import ValidationError
from rich.console import Console

from harness.baseline import Baseline, baseline_name
from harness.bootstrap import ConfigurationError, SamplingWishes, open_contenders
from harness.cli.reading import complain, read_scenarios
from harness.evaluation import Finished, GateRequest, RunRequest, evaluate
from harness.gate import GateRules, Verdict
from harness.loader import ScenarioSet
from harness.prepared import PreparedScenario, prepare_all
from harness.replay import Contender
from harness.reporting.publish import write_reports
from harness.reporting.terminal import (
    Progress,
    live_progress,
    plain_progress,
    print_summary,
    silent_progress,
)
from harness.results import RunError, read_manifest
from harness.settings import DEFAULT_BASELINES, DEFAULT_OUTPUT, GATE_FILE, HarnessSettings
from harness.tracking.launch import track_run
from harness.yaml_source import SourceError, read_yaml
from runtime.public import SystemClock, new_id

INTERRUPTED = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """Hold the command line."""

    paths: tuple[Path, ...]
    models: tuple[str, ...]
    trials: int
    concurrency: int
    tags: tuple[str, ...]
    seed: int
    output: Path | None
    resume: Path | None
    gate: bool
    gate_models: tuple[str, ...]
    gate_rules: Path | None
    baselines: Path | None
    retries: int
    timeout_s: float
    max_tokens: int
    track: bool
    json: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Setup:
    request: RunRequest
    scenarios: tuple[PreparedScenario, ...]
    contenders: Mapping[str, Contender]
    gate: GateRequest | None


def run_command(options: RunOptions) -> int:
    """Run and return the exit code."""
    settings = HarnessSettings.read()
    console = Console(stderr=options.json)
    try:
        setup = _set_up(options, settings)
    except (SourceError, ConfigurationError, RunError) as error:
        return complain(error)
    progress = _progress(console, settings, quiet=options.json)
    try:
        finished = evaluate(
            setup.request,
            setup.scenarios,
            setup.contenders,
            gate=setup.gate,
            progress=progress,
            clock=SystemClock(),
        )
    except ConfigurationError as error:
        return complain(error)
    except RunError as error:
        complain(error)
        return Verdict.INFRASTRUCTURE.exit_code
    except KeyboardInterrupt:
        folder = setup.request.folder
        print(  # noqa: T201  # the console may be gone with the interrupt
            f"\nInterrupted; finished trials are kept. Go on with:\n"
            f"  plangate eval run --resume {folder}",
            file=sys.stderr,
        )
        return INTERRUPTED
    try:
        return _report(options, settings, console, setup=setup, finished=finished)
    except OSError as error:
        complain(error)
        return Verdict.INFRASTRUCTURE.exit_code


def _report(
    options: RunOptions,
    settings: HarnessSettings,
    console: Console,
    *,
    setup: _Setup,
    finished: Finished,
) -> int:
    folder = setup.request.folder
    write_reports(folder)
    if options.track:
        problem = track_run(folder, settings)
        if problem:
            console.print(f"Not logged to MLflow: {problem}", style="yellow", markup=False)
    code = _exit_code(finished)
    if options.json:
        sys.stdout.buffer.write(_json(folder, finished, code))
    else:
        print_summary(console, finished.models, finished.gate, run_dir=folder)
    return code


def _exit_code(finished: Finished) -> int:
    if finished.gate is not None:
        return finished.gate.verdict.exit_code
    scored = any(item.overall.scored for item in finished.models)
    return 0 if scored else Verdict.INFRASTRUCTURE.exit_code


def _json(folder: Path, finished: Finished, code: int) -> bytes:
    return orjson.dumps(
        {
            "run": folder.name,
            "folder": str(folder),
            "exit_code": code,
            "gate": finished.gate.document() if finished.gate is not None else None,
            "models": [item.document() for item in finished.models],
        },
        option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE,
    )


def _set_up(options: RunOptions, settings: HarnessSettings) -> _Setup:
    options = _resumed(options) if options.resume is not None else options
    found = read_scenarios(options.paths).tagged(options.tags)
    if not found.scenarios:
        raise ConfigurationError(
            f"no scenario has all of the tags {', '.join(options.tags)}; "
            "see `plangate eval list` for those that exist"
        )
    request = _request(options, found)
    scenarios = prepare_all(found)
    contenders = open_contenders(
        options.models,
        scenarios,
        environ=settings.environ,
        wishes=SamplingWishes(
            max_tokens=options.max_tokens, timeout_s=options.timeout_s, retries=options.retries
        ),
    )
    return _Setup(
        request=request,
        scenarios=scenarios,
        contenders=contenders,
        gate=_gate(options, contenders) if options.gate else None,
    )


def _resumed(options: RunOptions) -> RunOptions:
    """Take what to run from the manifest, so that a resumed run is the same run."""
    folder = options.resume or Path()
    manifest = read_manifest(folder)
    return replace(
        options,
        paths=tuple(Path(path) for path in manifest.paths),
        models=tuple(model.reference for model in manifest.models),
        trials=manifest.trials,
        tags=manifest.tags,
        seed=manifest.seed,
        max_tokens=manifest.max_tokens,
        timeout_s=manifest.timeout_s,
        retries=manifest.retries,
        output=folder,
    )


def _request(options: RunOptions, found: ScenarioSet) -> RunRequest:
    now_ms = int(SystemClock().now().timestamp() * 1000)
    run = new_id("run", now_ms=now_ms, entropy=secrets.token_bytes(10))
    folder = options.output or DEFAULT_OUTPUT / run
    if options.resume is None and folder.is_dir() and any(folder.iterdir()):
        raise ConfigurationError(
            f"{folder} is not empty; choose another --output, or go on with --resume {folder}"
        )
    return RunRequest(
        run=read_manifest(folder).run if options.resume is not None else run,
        folder=folder,
        paths=_paths(options),
        tags=options.tags,
        suite_digest=found.digest,
        trials=options.trials,
        seed=options.seed,
        concurrency=options.concurrency,
        max_tokens=options.max_tokens,
        timeout_s=options.timeout_s,
        retries=options.retries,
    )


def _paths(options: RunOptions) -> tuple[str, ...]:
    return tuple(path.as_posix() for path in options.paths)


def _gate(options: RunOptions, contenders: Mapping[str, Contender]) -> GateRequest:
    unknown = sorted(set(options.gate_models) - set(contenders))
    if unknown:
        raise ConfigurationError(
            f"--gate-model {', '.join(unknown)} is not among the models of this run"
        )
    models = options.gate_models or tuple(contenders)
    asked, folder = _places(options.paths), options.baselines or DEFAULT_BASELINES
    found = {model: _baseline(folder / baseline_name(model), model) for model in models}
    return GateRequest(
        rules=_rules(options),
        models=models,
        baselines={model: item for model, item in found.items() if item is not None},
        whole=frozenset(
            model
            for model, item in found.items()
            if item is not None and not options.tags and _places(item.paths) == asked
        ),
    )


def _places(paths: Iterable[str | Path]) -> set[Path]:
    """Return what paths stand for, however they are spelled."""
    return {Path(path).resolve() for path in paths}


def _baseline(path: Path, model: str) -> Baseline | None:
    if not path.exists():
        return None
    try:
        baseline = Baseline.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ConfigurationError(
            f"baseline {path} is damaged: {error.errors(include_url=False)[0]['msg']}; "
            "restore it or bless a run with `plangate eval baseline`"
        ) from error
    if baseline.model != model:
        raise ConfigurationError(
            f"baseline {path} is that of {baseline.model}, not of {model}: both names give one "
            "file; keep their baselines in two folders and name one with --baselines"
        )
    return baseline


def _rules(options: RunOptions) -> GateRules:
    path = options.gate_rules
    if path is None:
        path = next(
            (item / GATE_FILE for item in options.paths if (item / GATE_FILE).exists()), None
        )
    if path is None:
        return GateRules()
    source = read_yaml(path, shown_as=path.as_posix())
    try:
        return GateRules.model_validate(source.content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        line = source.line(first["loc"])
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{path}:{line}: {where}: {first['msg']}") from error


def _progress(console: Console, settings: HarnessSettings, *, quiet: bool) -> Progress:
    if quiet:
        return silent_progress()
    if console.is_terminal and not settings.in_ci:
        return live_progress(console)
    return plain_progress(
        lambda line: console.print(line, markup=False, highlight=False, soft_wrap=True)
    )
