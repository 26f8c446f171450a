"""Run executions in processes of their own, which stop or kill themselves at a named step.

One process loads the code once and forks for each execution. Nothing of the platform is changed for
it: the steps are noticed by doubles at the places where the line is given what it works with.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from typing_extensions import override

from runtime.adapters.redis_leases.opening import open_leases
from runtime.domain.errors import DomainError
from runtime.domain.head import Head
from runtime.domain.plan import Plan, Step
from runtime.domain.principal import Mode, Principal
from runtime.domain.shared_rates import NO_GRANTS, RateGrants
from runtime.domain.shared_use import NOTHING_SHARED, Counter, SharedUse
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.ports.leases import Lease, Leases
from runtime.services.context import Ids
from runtime.services.execution.approval_facts import NO_APPROVALS, ApprovalFacts
from runtime.services.execution.changes import Change, Execution
from runtime.services.execution.commits import Commits
from runtime.services.execution.draft import Tenure
from runtime.services.execution.gate_facts import NO_GATES, GateFacts
from runtime.services.execution.judges import Judges
from runtime.services.execution.judging import Judge, Verdict
from runtime.services.execution.lines import Lines
from runtime.services.execution.measures import Unmeasured
from runtime.services.execution.needs import Needs
from runtime.services.execution.past import Past
from runtime.services.execution.waiting import Standing
from runtime.services.expired_keys import ExpiredKeys
from runtime.services.policies.decided_steps import DecidedPlans
from runtime.store.executions import Commit
from runtime.store.session import Database
from tests.execution import ENVIRONMENTS, World, a_key
from tests.rates import uncounted
from tests.rules import decisions_by_table

ROOT: Final = Path(__file__).parents[3]
TTL_S: Final = 0.5
HALTED_WITHIN_S: Final = 20.0


class Place(StrEnum):
    """Name a step of an execution, in order."""

    ASKED = "asked"
    LEASED = "leased"
    GATHERED = "gathered"
    JUDGED = "judged"
    WRITTEN = "written"
    ANSWERED = "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """Hold one execution under way in another process.

    Attributes:
        told: resolved with what it answers, if it lives to tell.
    """

    pid: int
    told: asyncio.Future[JsonObject]

    async def halted(self) -> None:
        """Return when the process stands still, or is gone."""
        async with asyncio.timeout(HALTED_WITHIN_S):
            while _state(self.pid) not in {"T", "gone"}:  # noqa: ASYNC110  # the kernel tells nobody
                await asyncio.sleep(0.005)

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        os.kill(self.pid, number)


class Stepped:
    """Start executions by way of the process that forks."""

    def __init__(self, child: Process) -> None:
        self._child = child
        self._begun: dict[str, asyncio.Future[int]] = {}
        self._told: dict[str, asyncio.Future[JsonObject]] = {}

    async def begin(
        self, world: World, *, urls: tuple[str, str], at: Place | None, number: signal.Signals
    ) -> Walk:
        """Execute an increment in a world's project, under a key that is the project's id.

        Args:
            world: whose project and caller.
            urls: of the database and of Redis.
            at: where the process sends itself the signal; nowhere if it is None.
            number: the signal.
        """
        loop = asyncio.get_running_loop()
        project = world.project_id
        self._begun[project], self._told[project] = loop.create_future(), loop.create_future()
        asked = {
            "database": urls[0],
            "redis": urls[1],
            "organization": world.caller.organization_id,
            "member": world.caller.member_id,
            "project": project,
            "at": at,
            "signal": int(number),
        }
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(asked).encode() + b"\n")
        return Walk(pid=await self._begun[project], told=self._told[project])

    async def listen(self) -> None:
        """Hand out what the processes say, until there are none."""
        assert self._child.stdout is not None
        while line := await self._child.stdout.readline():
            said = json.loads(line)
            if "pid" in said:
                self._begun[said["project"]].set_result(said["pid"])
            else:
                self._told[said["project"]].set_result(said)


@asynccontextmanager
async def stepped() -> AsyncIterator[Stepped]:
    """Run the process that forks."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.integration.faults.stepped", stdin=PIPE, stdout=PIPE, cwd=ROOT
    )
    steps = Stepped(child)
    listening = asyncio.create_task(steps.listen())
    try:
        yield steps
    finally:
        child.kill()
        await child.wait()
        await listening


def _state(pid: int) -> str:
    with suppress(OSError):
        found = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        return "gone" if found in {"Z", "X"} else found
    return "gone"


class _WatchedLeases(Leases):
    def __init__(self, inner: Leases, reached: Callable[[Place], None]) -> None:
        self._inner = inner
        self._reached = reached

    @override
    async def acquire(self, key: str, *, wait_s: float, floor: int = 0) -> Lease:
        lease = await self._inner.acquire(key, wait_s=wait_s, floor=floor)
        self._reached(Place.LEASED)
        return lease

    @override
    async def release(self, lease: Lease) -> None:
        await self._inner.release(lease)

    @override
    async def ready(self) -> None:
        await self._inner.ready()

    @override
    async def close(self) -> None:
        await self._inner.close()


class _WatchedJudge(Judge):
    def __init__(self, inner: Judge, reached: Callable[[Place], None]) -> None:
        super().__init__(inner.registry)
        self._reached = reached

    @override
    def group(
        self,
        changes: Sequence[Change],
        head: Head,
        tenure: Tenure,
        *,
        decided: DecidedPlans,
        approvals: ApprovalFacts = NO_APPROVALS,
        gates: GateFacts = NO_GATES,
        shared_use: SharedUse = NOTHING_SHARED,
        rates: RateGrants = NO_GRANTS,
    ) -> Verdict:
        self._reached(Place.GATHERED)
        verdict = super().group(
            changes,
            head,
            tenure,
            decided=decided,
            approvals=approvals,
            gates=gates,
            shared_use=shared_use,
            rates=rates,
        )
        self._reached(Place.JUDGED)
        return verdict


class _WatchedCommits(Commits):
    def __init__(self, database: Database, reached: Callable[[Place], None]) -> None:
        super().__init__(database)
        self._reached = reached

    @override
    async def write(self, group: Commit) -> Mapping[Counter, int]:
        counted = await super().write(group)
        self._reached(Place.WRITTEN)
        return counted


async def _execute(asked: JsonObject) -> JsonObject:
    """Execute once, and return what was answered."""

    def reached(place: Place) -> None:
        if place == asked["at"]:
            asked["at"] = None
            os.kill(os.getpid(), asked["signal"])

    async with AsyncExitStack() as stack:
        reached(Place.ASKED)
        database = await Database.opened(asked["database"])
        stack.push_async_callback(database.close)
        clock = SystemClock()
        inner = open_leases([asked["redis"]], instance="stepped", clock=clock, ttl_s=TTL_S)
        stack.push_async_callback(inner.close)
        judges = Judges(ENVIRONMENTS)
        needs = Needs(
            database=database,
            commits=_WatchedCommits(database, reached),
            leases=_WatchedLeases(inner, reached),
            judge=lambda environment: _WatchedJudge(judges.of(environment), reached),
            decisions=decisions_by_table(database, clock),
            past=Past(database),
            rates=uncounted(database),
            clock=clock,
            measures=Unmeasured(),
        )
        lines = Lines(needs, expired_keys=ExpiredKeys(database, clock))
        stack.push_async_callback(lines.close)
        try:
            execution = _an_execution(asked, Ids(clock))
            executed = await lines.join(
                execution,
                project_id=asked["project"],
                standing=_as_before(execution),
                patience_s=20,
            )
        except DomainError as error:
            return {"project": asked["project"], "error": error.code}
        reached(Place.ANSWERED)
        return {
            "project": asked["project"],
            "version": executed.version,
            "replayed": executed.replayed,
            "id": json.loads(executed.document)["id"],
        }


def _as_before(execution: Execution) -> Standing:
    async def standing() -> Principal:
        return execution.principal

    return standing


def _an_execution(asked: JsonObject, ids: Ids) -> Execution:
    return Execution(
        outcome_id=ids.new("out"),
        plan=Plan(steps=(Step(action="counter.increment", inputs={"by": 1}),)),
        principal=Principal(
            id=asked["member"],
            organization=asked["organization"],
            roles=("operator",),
            grant=Mode.ASSISTED,
        ),
        credential_id="tok_stepped",
        key=a_key(asked["project"]),
    )


def _say(document: JsonObject) -> None:
    os.write(1, json.dumps(document).encode() + b"\n")


def _fork(asked: JsonObject) -> None:
    pid = os.fork()
    if pid:
        _say({"project": asked["project"], "pid": pid})
        return
    _say(asyncio.run(_execute(asked)))
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who ended is gone at once
    for line in sys.stdin:
        _fork(json.loads(line))
