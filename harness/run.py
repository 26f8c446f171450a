"""Do the trials of a run: bounded concurrency, every result on disk before the next is counted."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from harness.budget import BudgetExhausted
from harness.matrix import TrialJob
from harness.prepared import PreparedScenario
from harness.replay import Contender, replay
from harness.trial import TrialRecord

Sink: TypeAlias = Callable[[TrialRecord], None]
"""Take a finished trial; called one at a time, in the order in which trials end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Hold what the trials of a run need, by scenario id and by model reference."""

    scenarios: Mapping[str, PreparedScenario]
    contenders: Mapping[str, Contender]
    concurrency: int


async def do_trials(contest: Contest, jobs: Iterator[TrialJob], sink: Sink) -> str | None:
    """Do every job; workers take the next one as soon as they are free.

    Cancelling ends the workers; what reached the sink stays. What was prepared lives until the
    end, so the collector is told not to look at it again and again.

    Returns:
        why jobs were left undone: the budget is spent. Trials that were under way then ended.
    """
    gc.freeze()
    line = _Line(jobs)
    async with asyncio.TaskGroup() as group:
        for _ in range(contest.concurrency):
            group.create_task(_work(contest, line, sink))
    return line.closed


class _Line:
    """Hand out jobs until somebody closes the line."""

    def __init__(self, jobs: Iterator[TrialJob]) -> None:
        self._jobs = jobs
        self.closed: str | None = None

    def __iter__(self) -> Iterator[TrialJob]:
        while self.closed is None:
            job = next(self._jobs, None)
            if job is None:
                return
            yield job


async def _work(contest: Contest, line: _Line, sink: Sink) -> None:
    for job in line:
        try:
            record = await replay(
                contest.scenarios[job.key.scenario], contest.contenders[job.key.model], job
            )
        except BudgetExhausted as error:
            line.closed = str(error)
            return
        sink(record)
