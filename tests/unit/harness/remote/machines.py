"""Build runs that go to other machines, and start the machines: real workers on a real Redis."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

from harness.bootstrap import SamplingWishes, close_all, open_contenders
from harness.cli.reading import read_scenarios
from harness.matrix import TrialJob, jobs
from harness.opening import RunRequest, open_folder
from harness.prepared import prepare_all
from harness.remote.dispatch import Remote, do_trials_remotely
from harness.remote.parcel import trial_text
from harness.results import ResultsWriter, read_records
from harness.run import Contest, Sink, do_trials
from harness.summary import Tally
from harness.trial import TrialRecord
from runtime.public import JsonObject, JsonValue, Price
from tests.servers.redis_server import redis_server

LONGEST_S: Final = 50
WORKER: Final = (
    "import sys; from harness.cli.worker import worker_command; "
    "sys.exit(worker_command(broker=sys.argv[1], concurrency=2))"
)
Executor = Callable[[Contest, Iterator[TrialJob], Sink], Awaitable[str | None]]


@dataclass(kw_only=True)
class Prepared:
    """Hold a run whose folder is open.

    Attributes:
        records: what reached the sink, in this order.
    """

    request: RunRequest
    contest: Contest
    records: list[TrialRecord] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Return where it is written."""
        return self.request.folder

    def left(self) -> list[TrialJob]:
        """Return the trials that the folder holds no record of."""
        done = {record.key for record in read_records(self.folder)}
        every = jobs(
            list(self.contest.scenarios),
            list(self.contest.contenders),
            trials=self.request.trials,
            seed=self.request.seed,
        )
        return [job for job in every if job.key not in done]

    def waiting(self) -> dict[str, TrialJob]:
        """Return the same by the spelling of their keys."""
        return {trial_text(job.key): job for job in self.left()}

    def carried(self, executor: Executor = do_trials) -> str | None:
        """Do what is left, as an evaluation does it."""
        return asyncio.run(self._carried(executor))

    def remotely(self, broker: str, **changes: object) -> str | None:
        """Do what is left on the machines of a broker."""
        return self.carried(partial(do_trials_remotely, remote=self.remote(broker, **changes)))

    def remote(self, broker: str, **changes: object) -> Remote:
        """Say where its machines meet; leases are short, for tests wait for them."""
        chosen: JsonObject = {"lease_s": 3.0, "idle_s": LONGEST_S, **changes}
        return Remote(broker=broker, folder=self.folder, **chosen)

    def figures(self) -> list[JsonValue]:
        """Return what the folder's trials amount to, but for how long they took."""
        tally = Tally()
        for record in read_records(self.folder):
            tally.add(record)
        return [_timeless(model.document()) for model in tally.models()]

    async def _carried(self, executor: Executor) -> str | None:
        with ResultsWriter(self.folder) as writer:

            def sink(record: TrialRecord) -> None:
                writer.write(record)
                self.records.append(record)

            try:
                return await executor(self.contest, iter(self.left()), sink)
            finally:
                await close_all([item.model for item in self.contest.contenders.values()])


def _timeless(document: JsonValue) -> JsonValue:
    if not isinstance(document, dict):
        return document
    return {name: _timeless(item) for name, item in document.items() if "latency" not in str(name)}


def a_run(
    folder: Path,
    world: Path,
    *models: str,
    trials: int = 1,
    prices: dict[str, Price] | None = None,
) -> Prepared:
    """Open a run of a world's scenarios; the name of its folder is its id."""
    found = read_scenarios((world,))
    scenarios = prepare_all(found)
    wishes = SamplingWishes(timeout_s=LONGEST_S, retries=0)
    contenders = open_contenders(models, scenarios, environ={}, wishes=wishes, prices=prices)
    request = RunRequest(
        run=folder.name,
        folder=folder,
        paths=(world.as_posix(),),
        tags=(),
        suite_digest=found.digest,
        trials=trials,
        seed=7,
        concurrency=2,
        created="2026-01-05T12:00:00+00:00",
        timeout_s=wishes.timeout_s,
        retries=wishes.retries,
    )
    open_folder(request, scenarios, contenders)
    contest = Contest(
        scenarios={item.scenario.id: item for item in scenarios},
        contenders=contenders,
        concurrency=2,
    )
    return Prepared(request=request, contest=contest)


@dataclass(kw_only=True)
class Machines:
    """Hold a broker and the workers that a test started."""

    broker: str
    workers: list[subprocess.Popen[str]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[str]:
        """Start a worker process."""
        kept = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
        worker = subprocess.Popen(
            [sys.executable, "-c", WORKER, self.broker],
            env={**kept, "COLUMNS": "200"},
            stderr=subprocess.PIPE,
            text=True,
        )
        self.workers.append(worker)
        return worker


@contextmanager
def machines() -> Iterator[Machines]:
    """Serve a broker; end what was started when the block ends."""
    with redis_server() as broker:
        found = Machines(broker=broker)
        try:
            yield found
        finally:
            for worker in found.workers:
                worker.kill()
                worker.communicate()
