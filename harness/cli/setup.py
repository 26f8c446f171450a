"""Turn the command line of `plangate eval run` into a run that can begin.

Everything that can be wrong is found here, before any model is asked.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from harness.bootstrap import (
    ConfigurationError,
    SamplingWishes,
    open_contenders,
    replayed_contenders,
)
from harness.budget import PriceError, read_price
from harness.calls import NO_CALLS, Calls, CallSource, spent_in
from harness.cassette.shelf import Shelf
from harness.cli.against import BASE, run_base
from harness.cli.executors import executor_of
from harness.cli.gating import against, gate_request
from harness.cli.reading import read_scenarios
from harness.cli.targets import targets_of
from harness.cli.wishes import RunOptions
from harness.concluding import GateRequest
from harness.evaluation import Executor
from harness.loader import ScenarioSet
from harness.opening import RunRequest
from harness.prepared import PreparedScenario, prepare_all
from harness.replay import Contender
from harness.results import Manifest, read_manifest
from harness.run import do_trials
from harness.scoring.installed import left_out
from harness.settings import DEFAULT_OUTPUT, HarnessSettings
from harness.stats.sequential import Plan, design
from harness.target.address import is_target, url_of
from runtime.public import (
    ModelReferenceError,
    Price,
    SystemClock,
    digest,
    new_id,
    parse_model_reference,
)

CASSETTES = "cassettes"
EARLY_ERRORS = 0.05
MOST_EARLY_TRIALS = 200
"""Designing a plan for more takes minutes."""
MICROS = 1_000_000
NEVER = "1970-01-01"
DIGEST = "sha256:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Hold a run that can begin."""

    request: RunRequest
    scenarios: tuple[PreparedScenario, ...]
    contenders: Mapping[str, Contender]
    gate: GateRequest | None
    calls: Calls
    executor: Executor


def set_up(options: RunOptions, settings: HarnessSettings, *, told: Callable[[str], None]) -> Setup:
    """Read scenarios, open models, and with `--against` run the other revision first.

    Raises:
        SourceError: a scenario, rule or quarantine file that can't be used.
        ConfigurationError: options that can't be carried out.
        RunError: a folder that can't be resumed.
        CassetteError: a damaged cassette.
        BaseRunError: the other revision could not be run.
    """
    options = _resumed(options) if options.resume is not None else options
    found = read_scenarios(options.paths).tagged(options.tags)
    if not found.scenarios:
        raise ConfigurationError(
            f"no scenario has all of the tags {', '.join(options.tags)}; "
            "see `plangate eval list` for those that exist"
        )
    calls = _calls(options, found)
    request = _request(options, found, calls.shelf)
    scenarios = prepare_all(found)
    for line in left_out():
        told(line)
    contenders = _contenders(options, scenarios, calls.shelf, environ=settings.environ)
    prices = _prices(options.prices)
    folder = request.folder
    calls = replace(calls, before=spent_in(folder / BASE, contenders))
    executor = executor_of(options, calls, folder=folder, prices=prices, told=told)
    gate = gate_request(options, contenders, found) if options.gate else None
    if gate is not None and options.against is not None:
        base = run_base(options.against, base_arguments(options), folder, told=told)
        gate = against(gate, base)
        calls = replace(calls, before=spent_in(base.folder, contenders))
        executor = executor_of(options, calls, folder=folder, prices=prices, told=told)
    return Setup(
        request=request,
        scenarios=scenarios,
        contenders=contenders,
        gate=gate,
        calls=calls if executor is do_trials else NO_CALLS,
        executor=executor,
    )


def _contenders(
    options: RunOptions,
    scenarios: tuple[PreparedScenario, ...],
    shelf: Shelf,
    *,
    environ: Mapping[str, str],
) -> dict[str, Contender]:
    wishes = SamplingWishes(
        max_tokens=options.answer_tokens, timeout_s=options.timeout_s, retries=options.retries
    )
    if options.source is CallSource.REPLAY:
        opened = replayed_contenders(options.models, shelf, wishes=wishes)
    else:
        prices = _prices(options.prices)
        opened = open_contenders(
            options.models, scenarios, environ=environ, wishes=wishes, prices=prices
        )
    return opened | targets_of(options, scenarios, environ=environ)


def _calls(options: RunOptions, found: ScenarioSet) -> Calls:
    if options.source is CallSource.REPLAY and options.prices:
        raise ConfigurationError("--price has no meaning with --replay: recorded calls are free")
    if options.max_cost is not None and not math.isfinite(options.max_cost):
        raise ConfigurationError(f"--max-cost {options.max_cost}, expected dollars, as in 5")
    return Calls(
        source=options.source,
        shelf=Shelf(options.cassettes or cassette_folder(options.paths)),
        environments={item.id: item.environment for item in found.scenarios},
        max_cost_micros=_micros(options.max_cost),
        max_tokens=options.max_tokens,
    )


def _micros(dollars: float | None) -> int | None:
    return None if dollars is None else round(dollars * MICROS)


def cassette_folder(paths: tuple[Path, ...]) -> Path:
    """Return where cassettes lie unless somebody says otherwise: beside the first scenarios."""
    first = paths[0]
    return (first if first.is_dir() else first.parent) / CASSETTES


def _prices(written: tuple[str, ...]) -> dict[str, Price]:
    try:
        return dict(read_price(text) for text in written)
    except PriceError as error:
        raise ConfigurationError(str(error)) from None


def _early(text: str | None, *, trials: int) -> Plan | None:
    """Read `GOOD,BAD`, the pass rates that are called reliable and unreliable."""
    if text is None:
        return None
    if trials == 1:
        raise ConfigurationError("--early ends trials early; ask for several with --trials")
    if trials > MOST_EARLY_TRIALS:
        raise ConfigurationError(
            f"--early with --trials {trials}, expected at most {MOST_EARLY_TRIALS} trials"
        )
    try:
        good, bad = (float(Decimal(part)) for part in text.split(","))
        return design(good=good, bad=bad, alpha=EARLY_ERRORS, beta=EARLY_ERRORS, longest=trials)
    except (ArithmeticError, ValueError) as error:
        raise ConfigurationError(
            f"--early {text[:40]!r} can't be read ({error}), expected GOOD,BAD: the pass rates of "
            "a scenario that are called reliable and unreliable, as in 0.9,0.6"
        ) from None


def _resumed(options: RunOptions) -> RunOptions:
    """Take what to run from the manifest, so that a resumed run is the same run."""
    folder = options.resume or Path()
    manifest = read_manifest(folder)
    asked = [model.reference for model in manifest.models]
    _refuse_others(options, manifest)
    return replace(
        options,
        paths=tuple(Path(path) for path in manifest.paths),
        models=tuple(name for name in asked if not is_target(name)),
        targets=tuple(url_of(name) for name in asked if is_target(name)),
        trials=manifest.trials,
        tags=manifest.tags,
        seed=manifest.seed,
        answer_tokens=manifest.max_tokens,
        timeout_s=manifest.timeout_s,
        retries=manifest.retries,
        early=_early_text(manifest.early),
        source=CallSource.REPLAY if manifest.replays else options.source,
        gate=options.gate or manifest.gated,
        max_cost=options.max_cost if options.max_cost is not None else _dollars(manifest),
        max_tokens=options.max_tokens if options.max_tokens is not None else manifest.cap_tokens,
        output=folder,
    )


def _refuse_others(options: RunOptions, manifest: Manifest) -> None:
    """Refuse what a resumed run can't take up: it goes on as it was begun."""
    began: dict[str, object] = {
        "models": tuple(model.reference for model in manifest.models),
        "trials": manifest.trials,
        "seed": manifest.seed,
    }
    for name, given in options.unusual.items():
        if given and given != began[name]:
            raise ConfigurationError(
                f"--resume goes on with the run's own {name}, {_shown(began[name])}, not with "
                f"{_shown(given)}; leave the option out, or start a new run"
            )


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _dollars(manifest: Manifest) -> float | None:
    micros = manifest.cap_cost_micros
    return None if micros is None else micros / MICROS


def _early_text(early: Mapping[str, float] | None) -> str | None:
    return None if early is None else f"{early['good']},{early['bad']}"


def _request(options: RunOptions, found: ScenarioSet, shelf: Shelf) -> RunRequest:
    now = SystemClock().now()
    run = new_id("run", now_ms=int(now.timestamp() * 1000), entropy=secrets.token_bytes(10))
    folder = options.output or DEFAULT_OUTPUT / run
    replays = options.source is CallSource.REPLAY
    created = now.isoformat(timespec="seconds")
    if replays:
        run, created = _replay_id(options, found), _recorded(options, shelf)
    taken = folder.is_dir() and any(item.name != BASE for item in folder.iterdir())
    if options.resume is None and taken:
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
        created=created,
        early=_early(options.early, trials=options.trials),
        replays=replays,
        gated=options.gate,
        cap_cost_micros=_micros(options.max_cost),
        cap_tokens=options.max_tokens,
        max_tokens=options.answer_tokens,
        timeout_s=options.timeout_s,
        retries=options.retries,
    )


def _recorded(options: RunOptions, shelf: Shelf) -> str:
    """Return when what is replayed was recorded, at midnight: a replay has no time of its own."""
    try:
        names = [parse_model_reference(name).safe_text for name in options.models]
    except ModelReferenceError as error:
        raise ConfigurationError(str(error)) from None
    day = shelf.recorded(names)
    return f"{day or NEVER}T00:00:00+00:00"


def _replay_id(options: RunOptions, found: ScenarioSet) -> str:
    """Name a replay by what it replays: the same again is the same run."""
    what = digest(
        {
            "suite": found.digest,
            "models": list(options.models),
            "trials": options.trials,
            "seed": options.seed,
        }
    )
    return f"replay_{what.removeprefix(DIGEST)[:16]}"


def _paths(options: RunOptions) -> tuple[str, ...]:
    return tuple(path.as_posix() for path in options.paths)


def _within(path: Path) -> Path:
    """Name a path below the working folder from there, for it is another one in the revision."""
    here, there = Path.cwd(), path.resolve()
    return there.relative_to(here) if there.is_relative_to(here) else path


def base_arguments(options: RunOptions) -> tuple[str, ...]:
    """Repeat the command line for the other revision, without what judges and reports."""
    arguments = [*(_within(path).as_posix() for path in options.paths)]
    for name, values in (("--model", options.models), ("--tag", options.tags)):
        for value in values:
            arguments += [name, value]
    for price in options.prices:
        arguments += ["--price", price]
    arguments += [
        f"--trials={options.trials}",
        f"--seed={options.seed}",
        f"--concurrency={options.concurrency}",
        f"--retries={options.retries}",
        f"--timeout={options.timeout_s:g}",
    ]
    if options.source is not CallSource.LIVE:
        folder = (options.cassettes or cassette_folder(options.paths)).resolve()
        arguments += [f"--{options.source.value}", f"--cassettes={folder}"]
    if options.early is not None:
        arguments.append(f"--early={options.early}")
    if options.max_cost is not None:
        arguments.append(f"--max-cost={options.max_cost}")
    if options.max_tokens is not None:
        arguments.append(f"--max-tokens={options.max_tokens}")
    return (*arguments, f"--answer-tokens={options.answer_tokens}")
