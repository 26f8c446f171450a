"""Carry one run through: create or resume its folder, do the trials, judge, and report.

This is what `plangate eval run` does; everything it decides comes from the modules below it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path

from harness.bootstrap import close_all
from harness.calls import Calls
from harness.concluding import Finished, GateRequest, conclude
from harness.matrix import TrialJob, jobs
from harness.opening import RunRequest, open_folder
from harness.prepared import PreparedScenario
from harness.replay import Contender
from harness.reporting.terminal import Progress
from harness.results import CONCLUSIONS, ResultsWriter, RunError, read_records
from harness.run import Contest, Sink, do_trials
from harness.stats.sequential import Plan, decided
from harness.summary import Tally
from harness.trial import TrialKey, TrialRecord, TrialStatus
from runtime.public import Clock


@dataclass(slots=True)
class _Course:
    """Keep what was done and what is left of a run.

    Attributes:
        early: the rule by which a scenario's trials end early, if there is one.
        done: trials that are finished.
        counts: passed and scored trials by scenario and model.
    """

    early: Plan | None
    done: set[TrialKey] = field(default_factory=set)
    counts: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def add(self, record: TrialRecord) -> None:
        """Take note of a finished trial."""
        self.done.add(record.key)
        passed, scored = self.counts.get((record.key.scenario, record.key.model), (0, 0))
        counts = record.status is TrialStatus.SCORED
        self.counts[record.key.scenario, record.key.model] = (
            passed + (record.passed is True),
            scored + counts,
        )

    def left(self, every: Iterator[TrialJob]) -> list[TrialJob]:
        """Return the jobs that are not done."""
        return [job for job in every if job.key not in self.done]

    def rounds(self, waiting: list[TrialJob]) -> Iterator[list[TrialJob]]:
        """Yield jobs that may be done at once: all, or with a rule one repetition at a time.

        What a round leaves undecided is known when the next one is asked for.
        """
        if self.early is None:
            yield waiting
            return
        for _, repetition in groupby(waiting, key=lambda job: job.key.index):
            yield [job for job in repetition if not self._decided(job.key)]

    def _decided(self, key: TrialKey) -> bool:
        passed, scored = self.counts.get((key.scenario, key.model), (0, 0))
        return self.early is not None and decided(self.early, passed, scored) is not None


def evaluate(
    request: RunRequest,
    scenarios: Sequence[PreparedScenario],
    contenders: Mapping[str, Contender],
    *,
    gate: GateRequest | None,
    progress: Progress,
    clock: Clock,
    calls: Calls | None = None,
) -> Finished:
    """Do what is left of a run and write its record.

    Raises:
        RunError: the folder can't be used, can't be written, or is another process's.
        ConfigurationError: what is resumed is not what was begun.
        KeyboardInterrupt: after the finished trials were written.
    """
    started = clock.monotonic_s()
    manifest = open_folder(request, scenarios, contenders)
    tally, course = Tally(plan=request.early), _Course(early=request.early)
    with ResultsWriter(request.folder) as writer:
        for record in read_records(request.folder):
            tally.add(record)
            course.add(record)
        ids = [item.scenario.id for item in scenarios]
        every = jobs(ids, list(contenders), trials=request.trials, seed=request.seed)
        waiting = course.left(every)
        if waiting:
            _withdraw(request.folder)
        progress.started(total=len(waiting), models=tuple(contenders))

        def sink(record: TrialRecord) -> None:
            writer.write(record)
            tally.add(record)
            course.add(record)
            progress.finished(record)

        keep = (
            calls.kept(request.folder, contenders, done=course.done)
            if calls
            else nullcontext(contenders)
        )
        try:
            with keep as kept:
                contest = Contest(
                    scenarios={item.scenario.id: item for item in scenarios},
                    contenders=kept,
                    concurrency=request.concurrency,
                )
                stopped = asyncio.run(_trials(contest, course.rounds(waiting), sink))
        except ExceptionGroup as group:
            raise _told(group) from group
        finally:
            progress.closed()
        wall_s = None if request.replays else clock.monotonic_s() - started
        return conclude(
            manifest, tally, gate, folder=request.folder, stopped=stopped, wall_s=wall_s
        )


def _withdraw(folder: Path) -> None:
    """Take back figures and verdict of what was there: they are none of a run that goes on."""
    for name in CONCLUSIONS:
        (folder / name).unlink(missing_ok=True)


def _told(group: ExceptionGroup[Exception]) -> Exception:
    """Return the error that a person can act on, out of those that ended the workers."""
    found = group.subgroup(RunError)
    return found.exceptions[0] if found is not None else group


async def _trials(contest: Contest, rounds: Iterator[list[TrialJob]], sink: Sink) -> str | None:
    """Do the rounds one after the other; return why the rest was left, if it was."""
    try:
        for waiting in rounds:
            stopped = await do_trials(contest, iter(waiting), sink)
            if stopped is not None:
                return stopped
        return None
    finally:
        await close_all([contender.model for contender in contest.contenders.values()])
