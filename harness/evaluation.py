"""Carry one run through: create or resume its folder, do the trials, judge, and report.

This is what `plangate eval run` does; everything it decides comes from the modules below it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TypeAlias

from harness.bootstrap import close_all
from harness.calls import NO_CALLS, Calls
from harness.concluding import Finished, GateRequest, conclude
from harness.matrix import TrialJob, jobs
from harness.opening import RunRequest, open_folder
from harness.prepared import PreparedScenario
from harness.replay import Contender
from harness.reporting.terminal import Progress
from harness.results import CONCLUSIONS, Manifest, ResultsWriter, RunError, read_records
from harness.run import Contest, Sink, do_trials
from harness.stats.sequential import decided
from harness.summary import Tally
from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import Clock

Executor: TypeAlias = Callable[[Contest, Iterator[TrialJob], Sink], Awaitable[str | None]]
"""Do jobs, hand each record to the sink, and say why jobs were left, if they were."""


@dataclass(slots=True, kw_only=True)
class _Course:
    """Keep what was done and what is left of a run.

    Attributes:
        tally: figures of what was done, and the rule by which trials end early.
        done: trials that are finished.
        counts: passed and scored trials by scenario and model.
    """

    tally: Tally
    done: set[TrialKey] = field(default_factory=set)
    counts: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def add(self, record: TrialRecord) -> None:
        """Take note of a finished trial."""
        self.tally.add(record)
        self.done.add(record.key)
        key = (record.key.scenario, record.key.model)
        passed, scored = self.counts.get(key, (0, 0))
        counts = record.status is TrialStatus.SCORED
        self.counts[key] = (passed + (record.passed is True), scored + counts)

    def left(self, every: Iterator[TrialJob]) -> list[TrialJob]:
        """Return the jobs that are not done."""
        return [job for job in every if job.key not in self.done]

    def rounds(self, waiting: list[TrialJob]) -> Iterator[list[TrialJob]]:
        """Yield jobs that may be done at once: all, or with a rule one repetition at a time.

        What a round leaves undecided is known when the next one is asked for.
        """
        if self.tally.plan is None:
            yield waiting
            return
        for _, repetition in groupby(waiting, key=lambda job: job.key.index):
            yield [job for job in repetition if not self._decided(job.key)]

    def _decided(self, key: TrialKey) -> bool:
        passed, scored = self.counts.get((key.scenario, key.model), (0, 0))
        plan = self.tally.plan
        return plan is not None and decided(plan, passed, scored) is not None


def evaluate(
    request: RunRequest,
    scenarios: Sequence[PreparedScenario],
    contenders: Mapping[str, Contender],
    *,
    gate: GateRequest | None,
    progress: Progress,
    clock: Clock,
    calls: Calls = NO_CALLS,
    executor: Executor = do_trials,
) -> Finished:
    """Do what is left of a run and write its record; without a gate nobody is judged.

    Raises:
        RunError: the folder can't be used, can't be written, or is another process's.
        ConfigurationError: what is resumed is not what was begun.
        KeyboardInterrupt: after the finished trials were written.
    """
    started = clock.monotonic_s()
    manifest = open_folder(request, scenarios, contenders)
    course = _Course(tally=Tally(plan=request.early))
    with ResultsWriter(request.folder) as writer:
        for record in read_records(request.folder):
            course.add(record)
        waiting = course.left(_every(manifest))
        if waiting:
            _withdraw(request.folder)
        progress.started(total=len(waiting), models=tuple(contenders))

        def sink(record: TrialRecord) -> None:
            writer.write(record)
            course.add(record)
            progress.finished(record)

        known = {item.scenario.id: item for item in scenarios}
        try:
            with calls.kept(request.folder, contenders, done=course.done) as kept:
                contest = Contest(scenarios=known, contenders=kept, concurrency=request.concurrency)
                trials = _Trials(contest=contest, sink=sink)
                stopped = asyncio.run(trials.done(course.rounds(waiting), by=executor))
        except ExceptionGroup as group:
            raise _told(group) from group
        finally:
            progress.closed()
        wall_s = None if request.replays else max(0.0, clock.monotonic_s() - started)
        judged_at, folder = clock.now(), request.folder
        return conclude(
            manifest, course.tally, gate, folder=folder, judged_at=judged_at, stopped=stopped,
            wall_s=wall_s,
        )  # fmt: skip


def _every(manifest: Manifest) -> Iterator[TrialJob]:
    """Return every trial of a run."""
    ids = [item.id for item in manifest.scenarios]
    models = [item.reference for item in manifest.models]
    return jobs(ids, models, trials=manifest.trials, seed=manifest.seed)


def _withdraw(folder: Path) -> None:
    """Take back figures and verdict of what was there: they are none of a run that goes on."""
    for name in CONCLUSIONS:
        (folder / name).unlink(missing_ok=True)


def _told(group: ExceptionGroup[Exception]) -> Exception:
    """Return the error that a person can act on, out of those that ended the workers."""
    found = group.subgroup(RunError)
    return found.exceptions[0] if found is not None else group


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trials:
    """Hold what trials are done with."""

    contest: Contest
    sink: Sink

    async def done(self, rounds: Iterator[list[TrialJob]], *, by: Executor) -> str | None:
        """Do the rounds one after the other; return why the rest was left, if it was."""
        try:
            for waiting in rounds:
                stopped = await by(self.contest, iter(waiting), self.sink)
                if stopped is not None:
                    return stopped
            return None
        finally:
            await close_all([item.model for item in self.contest.contenders.values()])
