"""Prove that every job is done once, never more at a time than allowed."""

from __future__ import annotations

import asyncio

from harness.matrix import jobs
from harness.replay import Contender
from harness.run import Contest, do_trials
from harness.trial import TrialRecord
from runtime.public import ChatRequest, Completion, Sampling, TokenUsage
from tests.worlds import prepared

MODEL = "m/slow"


class Counting:
    """Yield to the others before answering, and remember the crowd."""

    name = MODEL
    offline = True
    native_tools = True

    def __init__(self) -> None:
        self.open = 0
        self.most = 0

    async def complete(self, request: ChatRequest) -> Completion:
        """Answer with nothing, after everybody else had a turn."""
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(0)
        self.open -= 1
        return Completion(
            text="?",
            tool_calls=(),
            finish_reason="stop",
            usage=TokenUsage(),
            cost_micros=0,
            model="m",
        )

    async def close(self) -> None:
        """Hold nothing."""


async def test_all_jobs_are_done_within_the_bound() -> None:
    """Workers take the next job as soon as they are free."""
    model, records = Counting(), list[TrialRecord]()
    contender = Contender(reference=MODEL, label="x", model=model, sampling=Sampling(repairs=0))
    contest = Contest(
        scenarios={"counter-case": prepared()}, contenders={MODEL: contender}, concurrency=3
    )

    await do_trials(contest, jobs(["counter-case"], [MODEL], trials=10, seed=0), records.append)

    assert sorted(record.key.index for record in records) == list(range(10))
    assert model.most == 3
