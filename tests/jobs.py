"""Give tests jobs that run: a shop whose actions have effects, relays, workers and a broker.

`shop` is one process of the platform on real Postgres and Redis; `shop.worker()` is another process
that runs jobs, as far as storage can tell. What handlers do is the test's: `shop.does`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import asyncpg
import pytest_asyncio
from sqlalchemy import text
from typing_extensions import override

from runtime.domain.action import Permission, Risk, SideEffect
from runtime.domain.declared_effects import DeclaredEffects
from runtime.domain.job import MOST_CRASHES, Job, JobKind, JobStatus
from runtime.domain.limits import Limits
from runtime.domain.plan import Plan, Step
from runtime.domain.retry import RetryPolicy
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.ports.effect import Effect, EffectCall, EffectResult, EffectTools, effects_by_name
from runtime.ports.egress import HttpAnswer, HttpCall
from runtime.ports.secret_source import Secret
from runtime.services.context import Ids
from runtime.services.environments import (
    Environments,
    InstalledEnvironment,
    PluginEnabled,
    always_enabled,
)
from runtime.services.execution.judges import Judges
from runtime.services.jobs.effects import EffectRunner
from runtime.services.jobs.measures import UnmeasuredJobs
from runtime.services.jobs.plans import PlanRunner
from runtime.services.jobs.reauthorising import Reauthorising
from runtime.services.jobs.relay import Relay, RelayPace
from runtime.services.jobs.rescue import RescuePace, Rescuing
from runtime.services.jobs.running import Running, WorkerPace
from runtime.store.jobs import find_job
from runtime.store.outbox import Share
from tests.builders import a_registry, an_action
from tests.database import FreshDatabase
from tests.effects import uncharged
from tests.execution import World, a_caller, a_project, opened, redis_url
from tests.queue import MemoryQueue
from tests.rules import decisions_by_table

__all__ = ["redis_url", "shop"]

SHOP: Final = "shop"
PATIENCE_S: Final = 20.0
Does: TypeAlias = Callable[[EffectCall], Awaitable[EffectResult]]
_PATH: Final = Share(again_s=600.0)


def _note(inputs: JsonObject, state: JsonObject) -> JsonObject:
    state["box"]["note"] = inputs["note"]
    return state


def the_shop(effects: DeclaredEffects | None = None) -> Environments:
    """Build the environment: `box.put` labels, `box.stack` does it in turn, `box.note` notes."""
    put = an_action(side_effects=(_label(),))
    actions = (
        put,
        an_action(id="box.stack@1", side_effects=(_label(serial="stack"),)),
        an_action(id="box.once@1", side_effects=(_label(unique_by=("/value",)),)),
        an_action(id="box.twice@1", side_effects=(_label(), _label(priority=9))),
        an_action(id="box.read@1", side_effects=(_label(result_action="box.note@1"),)),
        an_action(id="box.strange@1", side_effects=(SideEffect(job="box.fly", description="?"),)),
        an_action(
            id="box.risky@1",
            permission=Permission(risk=Risk.MEDIUM),
            side_effects=(_label(),),
        ),
        an_action(
            id="box.note@1",
            input_schema={
                "type": "object",
                "properties": {"note": {"type": "string"}},
                "required": ["note"],
                "additionalProperties": False,
            },
            may_change=("/box/note",),
            handler=_note,
        ),
    )
    return {
        SHOP: InstalledEnvironment(
            id=SHOP,
            title="Shop",
            description="A box.",
            plugin="test@1",
            compiled=a_registry(*actions, effects=effects),
            limits=Limits(),
        )
    }


def _label(**changes: JsonValue) -> SideEffect:
    declared: JsonObject = {
        "job": "box.label",
        "description": "Prints a label.",
        "parameters": {"printer": "p-1"},
    }
    return SideEffect(**{**declared, **changes})


class CountingJobs(UnmeasuredJobs):
    """Count what is told."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    @override
    def failed(self, what: str, error: BaseException) -> None:
        """Count a failure by what failed."""
        del error
        self.counts[f"failed {what}"] += 1

    @override
    def begun(self, jobs: int, *, refused: int) -> None:
        """Count what began and what could not."""
        self.counts["begun"] += jobs
        self.counts["refused"] += refused

    @override
    def ended(self, name: str, status: str) -> None:
        """Count an end by its status."""
        del name
        self.counts[status] += 1

    @override
    def lost(self, jobs: int) -> None:
        """Count lost attempts."""
        self.counts["lost"] += jobs

    @override
    def rescued(self, jobs: int, *, quarantined: int) -> None:
        """Count rescued jobs."""
        self.counts["rescued"] += jobs
        self.counts["quarantined"] += quarantined


class NoEgress:
    """Reach nothing."""

    async def send(self, call: HttpCall) -> HttpAnswer:
        """Refuse."""
        raise AssertionError(f"nothing is sent here: {call.url}")


class NoSecrets:
    """Keep none."""

    async def secret(self, name: str, *, organization: str) -> Secret:
        """Refuse."""
        raise AssertionError(f"no secret here: {name} of {organization}")

    async def refused(self, secret: Secret, *, organization: str) -> Secret | None:
        """Refuse."""
        raise AssertionError(f"no secret here: {secret.name} of {organization}")


@dataclass(slots=True, kw_only=True)
class Receiver:
    """Be the world outside: note every call, and do what a key asks for once."""

    calls: list[EffectCall] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    called: asyncio.Event = field(default_factory=asyncio.Event)

    async def label(self, call: EffectCall) -> EffectResult:
        """Print a label, once for each key."""
        self.calls.append(call)
        self.done[call.idempotency_key] = 1
        self.called.set()
        return EffectResult(document={"printed": call.inputs.get("value")})


@dataclass(slots=True, kw_only=True)
class Shop:
    """Hold the processes of a shop; `does` may be replaced before a job runs.

    `woken` are relays in the process that executes, which learn of jobs at once.
    """

    world: World
    queue: MemoryQueue
    receiver: Receiver
    relay: Relay
    superuser: asyncpg.Connection[asyncpg.Record]
    superuser_url: str
    woken: list[Relay]
    stack: AsyncExitStack = field(repr=False)
    does: Does
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    start_to_close_s: float = 30.0
    schedule_to_start_s: float | None = None
    result_action: str | None = None
    measures: CountingJobs = field(default_factory=CountingJobs)
    workers: int = 0
    crashes: int = MOST_CRASHES
    enabled: PluginEnabled = always_enabled

    @property
    def organization(self) -> str:
        """Return whose shop it is."""
        return self.world.caller.organization_id

    async def put(self, action: str = "box.put@1", *, times: int = 1, **inputs: JsonValue) -> str:
        """Execute a plan of some equal steps, and return its outcome's id."""
        plan = Plan(steps=(Step(action=action, inputs=inputs),) * times)
        outcome = await self.world.execute(plan)
        assert outcome["status"] == "done", outcome
        return str(outcome["id"])

    def worker(self, pace: WorkerPace | None = None) -> Running:
        """Open another process that runs jobs; it is not closed, as one that is killed is not."""
        self.workers += 1
        world = self.world
        clock = SystemClock()
        reauthorising = Reauthorising(
            database=world.database,
            decisions=decisions_by_table(world.database, clock, rules=world.rules),
            judges=Judges(world.environments, puts_jobs=True),
            clock=clock,
        )
        tools = EffectTools(clock=clock, egress=NoEgress(), secrets=NoSecrets())
        effect = Effect(
            name="box.label",
            handler=self._handle,
            retries=self.retries,
            start_to_close_s=self.start_to_close_s,
            schedule_to_start_s=self.schedule_to_start_s,
            result_action=self.result_action,
        )
        effects = EffectRunner(
            effects_by_name((effect,)),
            tools,
            charged=uncharged,
            plans=world.plans,
            enabled=self.enabled,
        )
        return Running(
            world.database,
            reauthorising,
            runners={JobKind.EFFECT: effects, JobKind.PLAN: PlanRunner(world.plans)},
            worker=f"worker-{self.workers}",
            pace=pace or WorkerPace(crashes=self.crashes),
            measures=self.measures,
            chance=lambda: 0.5,
        )

    async def deliver(self, worker: Running) -> int:
        """Hand over what is due and let a worker run all of it; return how many jobs it began."""
        await self.relay.look()
        begun = 0
        for message in self.queue.everything():
            begun += await worker.run(message.organization_id, message.job_ids)
        return begun

    async def jobs(self) -> tuple[Job, ...]:
        """Return all jobs of the shop's project, the oldest first."""
        async with self.world.database.transaction(self.organization) as connection:
            ids = (await connection.execute(text("select id from jobs order by id"))).scalars()
            found = [
                await find_job(connection, job_id, project_id=self.world.project_id)
                for job_id in ids.all()
            ]
        return tuple(job for job in found if job is not None)

    async def job(self) -> Job:
        """Return the only job."""
        (found,) = await self.jobs()
        return found

    async def statuses(self) -> Mapping[JobStatus, int]:
        """Count jobs by how they stand."""
        async with self.world.database.transaction(self.organization) as connection:
            asked = text("select status, count(*) as jobs from jobs group by status")
            return {JobStatus(row.status): row.jobs for row in await connection.execute(asked)}

    async def let_leases_end(self, worker: int | None = None) -> None:
        """Set the leases of a worker back, or of all: its process died, or froze."""
        named = "%" if worker is None else f"worker-{worker}"
        for statement in (
            "update job_leases set until = now() - interval '1 hour' where worker like $1",
            (
                "with held as (select organization_id, id from jobs where leased_by like $1 "
                "order by organization_id, id for update) "
                "update jobs set leased_until = now() - interval '1 hour' from held "
                "where (jobs.organization_id, jobs.id) = (held.organization_id, held.id)"
            ),
        ):
            await self.superuser.execute(statement, named)

    async def let_waits_end(self) -> None:
        """Set back what waits for a time to come."""
        for table in ("jobs", "outbox"):
            await self.superuser.execute(_OVER[table])

    async def rescue(self) -> None:
        """Look for workers that are gone, once."""
        pace = RescuePace(crashes=self.crashes)
        await Rescuing(self.world.database, pace=pace, measures=self.measures).look()

    async def _handle(self, call: EffectCall, tools: EffectTools) -> EffectResult:
        assert tools.clock.now().tzinfo is not None
        return await self.does(call)


_OVER: Final = {
    "jobs": "with held as (select organization_id, id from jobs where status = 'waiting' "
    "order by organization_id, id for update) "
    "update jobs set not_before = now() - interval '1 s' from held "
    "where (jobs.organization_id, jobs.id) = (held.organization_id, held.id)",
    "outbox": "with held as (select tenant, job_id from outbox order by tenant, job_id for update) "
    "update outbox set not_before = now() - interval '1 s' from held "
    "where (outbox.tenant, outbox.job_id) = (held.tenant, held.job_id)",
}
"""Rows are locked in the order in which the platform locks them: in any other, both would wait."""


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    """Wait until something is true, for a bounded time."""
    async with asyncio.timeout(PATIENCE_S):
        while not await true():  # noqa: ASYNC110  # what is asked is in a database
            await asyncio.sleep(0.01)


async def opened_shop(
    stack: AsyncExitStack, database: FreshDatabase, redis: str, *, role: str = "operator"
) -> Shop:
    """Open a shop of a new organization."""
    caller = a_caller(Ids(SystemClock()))
    environments = the_shop()
    project_id = await a_project(
        database, caller, environment=SHOP, environments=environments, role=role
    )
    woken: list[Relay] = []

    def wake() -> None:
        for relay in woken:
            relay.wake()

    world = await opened(
        stack,
        database,
        redis,
        caller=caller,
        project_id=project_id,
        environments=environments,
        jobs_put=wake,
    )
    superuser = await asyncpg.connect(database.urls.superuser_url)
    stack.push_async_callback(superuser.close)
    queue, receiver = MemoryQueue(), Receiver()
    pace = RelayPace(busy_s=0.01, idle_s=0.05, share=_PATH)
    return Shop(
        world=world,
        queue=queue,
        receiver=receiver,
        relay=Relay(database, queue, pace=pace),
        woken=woken,
        superuser=superuser,
        superuser_url=database.urls.superuser_url,
        stack=stack,
        does=receiver.label,
    )


@pytest_asyncio.fixture
async def shop(database: FreshDatabase, redis_url: str) -> AsyncIterator[Shop]:
    """Give a shop with an operator who may put things into the box."""
    async with AsyncExitStack() as stack:
        yield await opened_shop(stack, database, redis_url)
