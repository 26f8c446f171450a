"""Do the trials of a run: bounded concurrency, every result on disk before the next is counted."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

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


async def do_trials(contest: Contest, jobs: Iterator[TrialJob], sink: Sink) -> None:
    """Do every job; workers take the next one as soon as they are free.

    Cancelling ends the workers; what reached the sink stays. What was prepared lives until the
    end, so the collector is told not to look at it again and again.
    """
    gc.freeze()
    async with asyncio.TaskGroup() as group:
        for _ in range(contest.concurrency):
            group.create_task(_work(contest, jobs, sink))


async def _work(contest: Contest, jobs: Iterator[TrialJob], sink: Sink) -> None:
    for job in jobs:
        record = await replay(
            contest.scenarios[job.key.scenario], contest.contenders[job.key.model], job
        )
        sink(record)
