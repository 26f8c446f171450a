"""Let batches be done in this process, by workshops on a real Redis: no queue, no other process."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from harness.remote.accounts import Accounts
from harness.remote.link import Link
from harness.remote.parcel import Batch
from harness.remote.rates import Rate
from harness.remote.round import Round
from harness.remote.store import RunStore
from harness.remote.terms import Stage, Terms, terms_of
from harness.remote.workshop import Opener, Worker, Workshop
from harness.results import read_manifest
from harness.settings import code_version
from harness.trial import TrialRecord
from runtime.public import SystemClock
from tests.unit.harness.remote.machines import Prepared


@dataclass(kw_only=True)
class Line:
    """Stand for the queue: hand each batch to a workshop, or lose it.

    Attributes:
        lose: how many of the next batches never arrive.
        twice: deliver every batch two times, the second when the first is over.
        closing: close the run for this reason when a batch is over.
    """

    workshop: Workshop
    lose: int = 0
    twice: bool = False
    closing: str = ""
    sent: list[Batch] = field(default_factory=list)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def send(self, batch: Batch) -> None:
        """Deliver or lose a batch."""
        self.sent.append(batch)
        if self.lose:
            self.lose -= 1
            return
        self.tasks.append(asyncio.create_task(self._deliver(batch)))

    async def _deliver(self, batch: Batch) -> None:
        await self.workshop.do(batch)
        if self.twice:
            await self.workshop.do(batch)
        if self.closing:
            await RunStore(self.workshop.link, batch.run).close(self.closing)


def the_terms(
    run: Prepared,
    *,
    capped: bool = False,
    rates: dict[str, Rate] | None = None,
    lease_ms: int = 200,
) -> Terms:
    """State a run's terms."""
    return terms_of(
        read_manifest(run.folder),
        run.contest.scenarios,
        run.contest.contenders,
        generation="now",
        prices={},
        rates=rates or {},
        lease_ms=lease_ms,
        capped=capped,
    )


def the_stage(run: Prepared) -> Stage:
    """Open what this process has open already."""
    return Stage(
        suite_digest=run.request.suite_digest,
        scenarios=run.contest.scenarios,
        contenders=run.contest.contenders,
    )


def a_workshop(
    run: Prepared, link: Link, *, opener: Opener | None = None, **changes: object
) -> Workshop:
    """Build a workshop of this code and one place."""
    worker = Worker(
        name="w",
        code=str(changes.get("code", code_version())),
        concurrency=1,
        longest_batch_s=float(str(changes.get("longest_batch_s", 60))),
        monotonic_s=SystemClock().monotonic_s,
    )
    return Workshop(worker, link, opener or (lambda _: the_stage(run)))


def a_round(
    run: Prepared, link: Link, line: Line, *, terms: Terms | None = None, idle_s: float = 30
) -> tuple[Round, list[TrialRecord]]:
    """Build a round of all that a run has left, with free answers; return it and its records."""
    found = list[TrialRecord]()
    terms = terms or the_terms(run)
    round_ = Round(
        terms=terms,
        store=RunStore(link, terms.run),
        sender=line,
        accounts=Accounts(journal=None, prices={}),
        waiting=run.waiting(),
        sink=found.append,
        monotonic_s=SystemClock().monotonic_s,
        idle_s=idle_s,
        told=lambda _: None,
    )
    return round_, found


def a_counter_world(folder: Path) -> Path:
    """Write one scenario."""
    text = """\
environment: counter
scenarios:
  - id: counter-set-three
    reason: The smallest plan there is.
    when: {message: set it to three}
    expect: {plan: {steps: [{action: counter.set, inputs: {value: 3}}]}}
"""
    world = folder / "world"
    world.mkdir(exist_ok=True)
    (world / "cases.yaml").write_text(text, encoding="utf-8")
    return world
