"""Carry out `plangate eval judge`: measure a judge against labels, and let it read a run.

A judge gates only while its calibration holds for today's model, rubric, labels and prompt.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.bootstrap import ConfigurationError
from harness.checks import Check, Verdict, worst
from harness.cli import judge_report
from harness.cli.judge_bench import Bench, open_bench
from harness.cli.reading import complain
from harness.judging.calibration import Calibration
from harness.judging.doubts import doubts_about, strangers
from harness.judging.exhibit import Bill
from harness.judging.exhibits import exhibit_of
from harness.judging.files import (
    DEFAULT_FOLDER,
    Matter,
    read_calibration,
    read_matters,
    write_calibration,
    write_lines,
)
from harness.judging.ruling import Heard, Ruling, ruling_of
from harness.record import RunRecord, read_run
from harness.results import RunError, write_json
from harness.settings import HarnessSettings
from harness.trial import TrialStatus
from harness.yaml_source import SourceError
from runtime.public import JsonObject, SystemClock

JUDGED = "judged.jsonl"
JUDGED_SUMMARY = "judged.json"
JUDGED_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Hold what a judge said about a run by one rubric.

    Attributes:
        doubts: why its verdict may not gate.
        calibration: what is on file.
        heard: every text with its opinions.
        silent: answers without a text, by model.
    """

    matter: Matter
    doubts: tuple[str, ...]
    calibration: Calibration | None
    heard: tuple[Heard, ...]
    silent: Mapping[str, int]

    def rulings(self, models: Sequence[str]) -> tuple[Ruling, ...]:
        """Reduce it to one ruling a model."""
        return tuple(
            ruling_of(
                model,
                self.matter.rubric,
                heard=[item for item in self.heard if item.key.model == model],
                silent=self.silent.get(model, 0),
            )
            for model in models
        )

    def all_doubts(self) -> tuple[str, ...]:
        """Return doubts, with those that only the answers showed."""
        if self.calibration is None or self.doubts:
            return self.doubts
        answered = {it.answered_by for item in self.heard for it in item.opinions} - {""}
        return tuple(
            f"{name} answered, which did not when the judge was calibrated"
            for name in strangers(self.calibration, answered)
        )


def judge_calibrate_command(
    labels: Path = DEFAULT_FOLDER,
    *,
    model: str,
    repeats: int = 3,
    concurrency: int = 8,
    as_json: bool = False,
) -> int:
    """Measure a judge against labelled examples and write the calibration beside them.

    Args:
        labels: a labels file, or a folder of them.
        model: the judge's model reference.
        repeats: how often each example is put before the judge.
        concurrency: examples in flight.
        as_json: print one JSON document instead of tables.

    Returns:
        0 when the judge may gate by each rubric, 1 when not, 3 when too many of its answers hold
        no score, 4 when infrastructure lost too many, 5 on a wrong configuration.
    """

    async def calibrated() -> int:
        matters = read_matters(labels)
        environ = HarnessSettings.read().environ
        async with open_bench(model, environ=environ, concurrency=concurrency) as bench:
            measured = [await _calibrate(matter, bench, repeats) for matter in matters]
        judge_report.tell_calibrations(measured, as_json=as_json)
        return max(item.exit_code for item in measured)

    return _carried_out(calibrated)


def judge_run_command(
    run: Path,
    *,
    model: str,
    judges: Path = DEFAULT_FOLDER,
    gate: bool = False,
    repeats: int = 1,
    concurrency: int = 8,
    as_json: bool = False,
) -> int:
    """Let a judge read what the models of a finished run wrote to people.

    Args:
        run: the run's folder; gets `judged.jsonl` and `judged.json`, nothing else changes.
        model: the judge's model reference.
        judges: a labels file, or a folder of them, with their rubrics and calibrations.
        gate: let the judge's verdict set the exit code; only a calibrated judge may.
        repeats: how often each text is put before the judge, to see how steady it is.
        concurrency: texts in flight.
        as_json: print one JSON document instead of tables.

    Returns:
        0 when it informs or passes, 1 for too few good texts, 3 when inconclusive, 4 when
        infrastructure lost too many answers, 5 on a wrong configuration, which includes gating
        with a judge that may not.
    """

    async def judged() -> int:
        record = read_run(run)
        matters = read_matters(judges)
        environ = HarnessSettings.read().environ
        async with open_bench(model, environ=environ, concurrency=concurrency) as bench:
            trusted = [(it, *await _trust(it, bench)) for it in matters]
            if gate:
                _require_trust(model, {it.rubric.rubric: doubts for it, _, doubts in trusted})
            sessions = [
                await _session(record, it, bench, calibration=known, doubts=doubts, repeats=repeats)
                for it, known, doubts in trusted
            ]
        return _concluded(record, sessions, bench.reference, gate=gate, as_json=as_json)

    return _carried_out(judged)


def _carried_out(command: Callable[[], Coroutine[None, None, int]]) -> int:
    try:
        return asyncio.run(command())
    except (ConfigurationError, RunError, SourceError) as error:
        return complain(error)


async def _calibrate(matter: Matter, bench: Bench, repeats: int) -> judge_report.Measured:
    """Measure by one rubric, and write what came out unless infrastructure lost too much."""
    created = SystemClock().now().isoformat(timespec="seconds")
    calibration, answers = await bench.calibrated(matter, repeats=repeats, created=created)
    measured = judge_report.Measured(
        matter=matter,
        calibration=calibration,
        doubts=doubts_about(
            calibration, calibration.identity, labels=matter.labels, rubric=matter.rubric
        ),
        answers=answers,
        path=matter.calibration_path(bench.reference),
    )
    if not measured.too_many_lost:
        write_calibration(measured.path, calibration)
    return measured


async def _trust(matter: Matter, bench: Bench) -> tuple[Calibration | None, tuple[str, ...]]:
    """Return the calibration on file and the doubts that it leaves today."""
    calibration = read_calibration(matter.calibration_path(bench.reference))
    doubts = doubts_about(
        calibration, await bench.identity(matter), labels=matter.labels, rubric=matter.rubric
    )
    return calibration, doubts


def _require_trust(model: str, doubts: Mapping[str, Sequence[str]]) -> None:
    refused = [f"{rubric}: {doubt}" for rubric, found in doubts.items() for doubt in found]
    if refused:
        raise ConfigurationError(
            f"judge '{model.partition('?')[0]}' may not gate: {'; '.join(refused)}. Calibrate it "
            "with `plangate eval judge calibrate`, take another judge, or leave --gate out"
        )


async def _session(
    record: RunRecord,
    matter: Matter,
    bench: Bench,
    *,
    calibration: Calibration | None,
    doubts: tuple[str, ...],
    repeats: int,
) -> Session:
    """Put the texts of a run that a rubric is for before the judge."""
    reasons = {item.id: item.reason for item in record.manifest.scenarios}
    kinds = {kind.value for kind in matter.rubric.judges}
    trials = [
        item for item in record.trials() if item.status is TrialStatus.SCORED and item.kind in kinds
    ]
    found = [(item, exhibit_of(item, context=reasons[item.key.scenario])) for item in trials]
    texts = [(item, exhibit) for item, exhibit in found if exhibit is not None]
    opinions = await bench.hear(matter, (exhibit for _, exhibit in texts), repeats=repeats)
    return Session(
        matter=matter,
        calibration=calibration,
        doubts=doubts,
        heard=tuple(
            Heard(
                key=item.key,
                family=item.family,
                exhibit=exhibit,
                opinions=opinions[exhibit.digest],
            )
            for item, exhibit in texts
        ),
        silent=Counter(item.key.model for item, exhibit in found if exhibit is None),
    )


def _concluded(
    record: RunRecord, sessions: Sequence[Session], judge: str, *, gate: bool, as_json: bool
) -> int:
    """Write what was heard into the run's folder, print it, and return the exit code."""
    models = tuple(item.reference for item in record.manifest.models)
    rulings = [ruling for session in sessions for ruling in session.rulings(models)]
    doubts = {session.matter.rubric.rubric: session.all_doubts() for session in sessions}
    asked = {
        (session.matter.rubric.rubric, item.exhibit.digest): item.opinions
        for session in sessions
        for item in session.heard
    }
    document: JsonObject = {
        "version": JUDGED_VERSION,
        "run": record.manifest.run,
        "judge": judge,
        "gates": gate,
        "doubts": {name: list(found) for name, found in doubts.items()},
        "rulings": [ruling.document() for ruling in rulings],
        "bill": Bill.of(opinion for found in asked.values() for opinion in found).document(),
    }
    write_lines(
        record.folder / JUDGED,
        (item.document(session.matter.rubric) for session in sessions for item in session.heard),
    )
    write_json(record.folder / JUDGED_SUMMARY, document)
    judge_report.tell_rulings(document, rulings, doubts=doubts, as_json=as_json)
    if not gate:
        return 0
    _require_trust(judge, doubts)
    if not record.summary.finished:
        return Verdict.INCONCLUSIVE.exit_code
    return worst(_check(ruling) for ruling in rulings).exit_code


def _check(ruling: Ruling) -> Check:
    return Check(
        model=ruling.model, name=ruling.rubric, verdict=ruling.verdict, detail="read by a judge"
    )
