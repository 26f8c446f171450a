"""Carry out `plangate eval cassettes`: say which recordings still answer what is asked today."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import orjson
from rich.console import Console
from rich.text import Text

from harness.bootstrap import ConfigurationError, SamplingWishes, replayed_contenders
from harness.cassette.player import Player
from harness.cassette.shelf import Shelf
from harness.cassette.staleness import AddressProbe, StaleReport, stale_report
from harness.cassette.tape import CassetteError
from harness.checks import Verdict
from harness.cli.reading import complain, read_scenarios
from harness.cli.setup import cassette_folder
from harness.matrix import TrialJob, trial_seed
from harness.prepared import PreparedScenario, prepare_all
from harness.run import Contest, do_trials
from harness.trial import TrialKey, TrialRecord
from harness.yaml_source import SourceError
from runtime.public import JsonObject

CONCURRENCY = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CassetteOptions:
    """Hold the command line.

    Attributes:
        prune: take recordings of scenarios that no longer exist off the shelf.
        answer_tokens: as the recording run had it.
        show: how many stale trials are listed a model.
    """

    paths: tuple[Path, ...]
    cassettes: Path | None
    seed: int
    answer_tokens: int
    prune: bool
    show: int
    json: bool


def cassettes_command(options: CassetteOptions) -> int:
    """Report, and return 0 where everything replays, 4 where a call would be missing."""
    shelf = Shelf(options.cassettes or cassette_folder(options.paths))
    try:
        scenarios = prepare_all(read_scenarios(options.paths))
        reports = [
            _report(shelf, name, scenarios=scenarios, options=options) for name in _known(shelf)
        ]
        if options.prune:
            for report in reports:
                shelf.prune(report.reference, report.gone)
    except (SourceError, ConfigurationError, CassetteError) as error:
        return complain(error)
    if options.json:
        documents = [_document(report) for report in reports]
        sys.stdout.buffer.write(
            orjson.dumps(documents, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
        )
    else:
        _print(reports, options)
    fresh = all(report.fresh for report in reports)
    return 0 if fresh else Verdict.INFRASTRUCTURE.exit_code


def _known(shelf: Shelf) -> tuple[str, ...]:
    references = shelf.references()
    if not references:
        raise ConfigurationError(
            f"there is no cassette in {shelf.folder}; record some with `plangate eval run --record`"
        )
    return references


def _report(
    shelf: Shelf,
    reference: str,
    *,
    scenarios: tuple[PreparedScenario, ...],
    options: CassetteOptions,
) -> StaleReport:
    """Drive the real planner over every recorded repetition, and see what it asks for."""
    player = Player(shelf=shelf, reference=reference)
    probe = AddressProbe(player)
    wishes = SamplingWishes(max_tokens=options.answer_tokens)
    (contender,) = replayed_contenders([reference], shelf, wishes=wishes).values()
    known = {item.scenario.id: item for item in scenarios}
    recorded = {key.scenario for key in player.recorded()}
    repetitions = sorted({key.index for key in player.recorded()})
    keys = [
        TrialKey(scenario=name, model=reference, index=index)
        for index in repetitions
        for name in known
        if name in recorded
    ]
    contest = Contest(
        scenarios=known,
        contenders={reference: replace(contender, for_trial=probe.for_trial)},
        concurrency=CONCURRENCY,
    )
    jobs = (TrialJob(key=key, seed=trial_seed(key, seed=options.seed)) for key in keys)
    asyncio.run(do_trials(contest, jobs, _unused))
    return stale_report(probe, scenarios=known)


def _unused(_: TrialRecord) -> None:
    """Let go of a record: only what was asked matters."""


def _document(report: StaleReport) -> JsonObject:
    return {
        "model": report.reference,
        "fresh": report.fresh,
        "current": report.current,
        "stale": [
            {"scenario": item.key.scenario, "trial": item.key.index, "why": item.why}
            for item in report.stale
        ],
        "missing": [
            {"scenario": item.key.scenario, "trial": item.key.index} for item in report.missing
        ],
        "gone": list(report.gone),
    }


def _print(reports: list[StaleReport], options: CassetteOptions) -> None:
    console = Console(emoji=False)
    for report in reports:
        style = "blue" if report.fresh else "yellow"
        line = (
            f"{report.reference}: {report.current} trials replay, {len(report.stale)} are stale, "
            f"{len(report.missing)} missing, {len(report.gone)} recorded scenarios are gone"
            + (" (pruned)" if options.prune and report.gone else "")
        )
        console.print(Text(line, style=style), soft_wrap=True)
        for item in report.stale[: options.show]:
            console.print(
                Text(f"  {item.key.scenario}, trial {item.key.index}: {item.why}"), soft_wrap=True
            )
        if len(report.stale) > options.show:
            console.print(Text(f"  and {len(report.stale) - options.show} more"))
