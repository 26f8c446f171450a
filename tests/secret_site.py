"""Build a project whose side effects name secrets that are kept elsewhere, and a worker for them.

The receiver, the database and Redis are real; who keeps the secrets answers from a table.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import orjson
from aiohttp import web
from pydantic import SecretStr

from runtime.bootstrap.effect_tools import open_effect_tools
from runtime.domain.action import SideEffect
from runtime.domain.job import JobKind
from runtime.domain.limits import Limits
from runtime.domain.plan import Plan, Step
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.plugins.stdlib.effects.plugin import EFFECTS
from runtime.ports.effect import effects_by_name
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.services.environments import Environments, InstalledEnvironment
from runtime.services.execution.judges import Judges
from runtime.services.jobs.effects import EffectRunner
from runtime.services.jobs.reauthorising import Reauthorising
from runtime.services.jobs.relay import Relay
from runtime.services.jobs.running import Running
from runtime.services.secrets.budget import CallBudget
from runtime.services.secrets.fetching import Fetching
from runtime.services.secrets.prefixes import read_prefix
from runtime.services.secrets.reader import SecretReader
from runtime.services.secrets.records import StoredRecords
from runtime.services.secrets.spaces import SecretSpaces
from runtime.settings import EffectSettings
from tests.builders import a_registry, an_action
from tests.database import FreshDatabase
from tests.effects import uncharged
from tests.execution import World, a_caller, a_project, opened
from tests.queue import MemoryQueue
from tests.rules import decisions_by_table
from tests.secret_keeping import KeptMeasures, OneProvider, ToldProvider, no_keys
from tests.servers.receiver import Received, Receiver, a_receiver

ENVIRONMENT: Final = "keyed"
SPACE: Final = "vault://kv/shop/"
_WAITING: Final = "select count(*) from jobs where status not in ('done', 'dead')"


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretSite:
    """Hold both sides of effects, who keeps their secrets, and who runs them."""

    world: World
    receiver: Receiver
    provider: ToldProvider
    measures: KeptMeasures
    reader: SecretReader
    queue: MemoryQueue
    relay: Relay
    worker: Running
    superuser: asyncpg.Connection[asyncpg.Record] = field(repr=False)
    carried: list[str] = field(default_factory=list)

    async def put(self, action: str) -> None:
        """Execute one action, whose effect is a job then."""
        outcome = await self.world.execute(Plan(steps=(Step(action=action),)))
        assert outcome["status"] == "done", outcome

    async def deliver(self) -> None:
        """Hand over what is due, and run it."""
        await self.relay.look()
        for message in self.queue.everything():
            self.carried.append(message.spelled())
            await self.worker.run(message.organization_id, message.job_ids)

    async def finish(self) -> None:
        """Run all jobs to their ends, those that are to be tried again as well."""
        while await self.superuser.fetchval(_WAITING):
            for table in ("jobs", "outbox"):
                statement = f"update {table} set not_before = now() - interval '1 s'"  # noqa: S608  # two names
                await self.superuser.execute(statement)
            await self.deliver()

    async def statuses(self) -> Mapping[str, int]:
        """Count jobs by how they stand."""
        rows = await self.superuser.fetch("select status, count(*) from jobs group by status")
        return {row["status"]: row["count"] for row in rows}

    def rotate(self, name: str, value: str, version: str) -> None:
        """Give a secret another value, where it is kept."""
        self.provider.values[f"kv/shop/{name}"] = (value, version)


def named(name: str) -> JsonObject:
    """Name a secret by its reference."""
    return {"ref": f"{SPACE}{name}#value", "hosts": ["localhost"]}


def _environment(port: int, headers: Mapping[str, Sequence[str]]) -> Environments:
    """Build an environment with an action for each set of secrets, all in headers."""
    actions = [
        an_action(
            id=action,
            side_effects=(
                SideEffect(
                    job="http.call",
                    description="Tells a receiver.",
                    parameters={
                        "url": f"http://localhost:{port}/in",
                        "headers": {f"X-{name}": {"secret": name} for name in names},
                        "keep_answer": True,
                    },
                ),
            ),
        )
        for action, names in headers.items()
    ]
    return {
        ENVIRONMENT: InstalledEnvironment(
            id=ENVIRONMENT,
            title="Keyed",
            description="A box.",
            plugin="test@1",
            compiled=a_registry(*actions),
            limits=Limits(),
        )
    }


@asynccontextmanager
async def secret_site(
    database: FreshDatabase,
    redis_url: str,
    *,
    secrets: Mapping[str, JsonObject],
    headers: Mapping[str, Sequence[str]],
) -> AsyncIterator[SecretSite]:
    """Open it all.

    Args:
        database: a fresh one.
        redis_url: for leases.
        secrets: of the organization, as `PLANGATE_SECRETS` spells them.
        headers: the names of secrets that each action's effect sends.
    """
    async with AsyncExitStack() as stack:
        receiver = await stack.enter_async_context(a_receiver())
        receiver.answers = echoed
        clock = SystemClock()
        ids, provider = Ids(clock), ToldProvider()
        caller = a_caller(ids)
        environments = _environment(receiver.port, headers)
        project_id = await a_project(
            database, caller, environment=ENVIRONMENT, environments=environments
        )
        world = await opened(
            stack,
            database,
            redis_url,
            caller=caller,
            project_id=project_id,
            environments=environments,
        )
        recorder = Recorder(database, ids)
        stack.push_async_callback(recorder.close)
        measures = KeptMeasures()
        reader = SecretReader(
            Fetching(
                OneProvider(provider),
                records=StoredRecords(recorder, ids),
                measures=measures,
                clock=clock,
                budget=lambda now_s: CallBudget(at_once=100_000, now_s=now_s),
            ),
            spaces=SecretSpaces({caller.organization_id: (read_prefix(SPACE),)}),
            clock=clock,
        )
        stack.push_async_callback(reader.close)
        settings = EffectSettings(
            egress_allow=f"localhost:{receiver.port}",
            secrets=SecretStr(orjson.dumps({caller.organization_id: dict(secrets)}).decode()),
        )
        tools = await stack.enter_async_context(
            open_effect_tools(
                settings, environ={}, clock=clock, secrets=reader, keys=no_keys(reader)
            )
        )
        superuser = await asyncpg.connect(database.urls.superuser_url)
        stack.push_async_callback(superuser.close)
        queue = MemoryQueue()
        worker = Running(
            world.database,
            Reauthorising(
                database=world.database,
                decisions=decisions_by_table(world.database, clock, rules=world.rules),
                judges=Judges(environments, puts_jobs=True),
                clock=clock,
            ),
            runners={
                JobKind.EFFECT: EffectRunner(
                    effects_by_name(EFFECTS), tools, plans=world.plans, charged=uncharged
                )
            },
            worker="worker-1",
            chance=lambda: 0.5,
        )
        yield SecretSite(
            world=world,
            receiver=receiver,
            provider=provider,
            measures=measures,
            reader=reader,
            queue=queue,
            relay=Relay(database, queue),
            worker=worker,
            superuser=superuser,
        )


def echoed(received: Received) -> web.Response:
    """Answer with all that came, as a receiver does that tells too much."""
    return web.json_response(dict(received.headers))
