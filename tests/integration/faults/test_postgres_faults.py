"""Postgres dies, refuses or blocks: callers get the truth, or a 503 in time; it recovers (N10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from runtime.adapters.embedded.postgres import EmbeddedPostgres
from runtime.domain.errors import StorageUnavailableError
from runtime.kit.clock import SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.context import Ids
from runtime.services.execution.waiting import GRACE_S
from runtime.store.session import Database
from tests.database import DatabaseServer
from tests.execution import World, a_caller, a_project, an_increment, opened
from tests.integration.faults.calls import Calls
from tests.integration.faults.history import judged, stored_history
from tests.integration.faults.load import under_load
from tests.integration.faults.postgres_faults import (
    all_ended,
    crashed,
    locked_heads,
    no_connections,
)
from tests.integration.faults.site import Site, Tenant

LONGEST_S = 10 + GRACE_S + 0.5
RECOVERED_WITHIN_S = 10.0


@pytest.fixture(scope="session")
def durable_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DatabaseServer]:
    """Serve a Postgres that keeps what it committed when it is killed."""
    with EmbeddedPostgres.started(tmp_path_factory.mktemp("postgres")) as server:
        made = DatabaseServer(server=server)
        made.prepare()
        yield made


@asynccontextmanager
async def durable_world(server: DatabaseServer, redis_url: str) -> AsyncIterator[World]:
    """Open a world on a database that survives a kill."""
    with server.migrated() as urls:
        async with AsyncExitStack() as stack:
            database = await Database.opened(urls.app_url)
            stack.push_async_callback(database.close)
            caller = a_caller(Ids(SystemClock()))
            project = await a_project(database, caller)
            yield await opened(stack, database, redis_url, caller=caller, project_id=project)


async def test_a_postgres_that_is_killed_forgets_nothing_that_was_acknowledged(
    durable_server: DatabaseServer, redis_url: str
) -> None:
    """Ten clients, two kills: each key acted once, nobody waits for long, nothing is restarted."""
    ended = asyncio.Event()
    async with durable_world(durable_server, redis_url) as world:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(worked(world, client, ended)) for client in range(10)]
            for _ in range(2):
                await asyncio.sleep(0.3)
                await crashed(durable_server.server)
            await world.execute(an_increment(), key="after")
            ended.set()
        outcomes = [outcome for task in tasks for outcome in task.result()]
        stored = await world.count("outcomes")
        verified = await world.states.verify(world.context, world.project_id)

        assert stored == len({outcome["id"] for outcome in outcomes}) + 1
        assert await world.counter() == stored
        assert verified.versions == stored + 1


async def worked(world: World, client: int, ended: asyncio.Event) -> list[JsonObject]:
    """Execute until told to stop, repeating each key until it is answered; each try in time."""
    done = list[JsonObject]()
    while not ended.is_set():
        with suppress(StorageUnavailableError):
            async with asyncio.timeout(LONGEST_S):
                done.append(await world.execute(an_increment(), key=f"{client}-{len(done)}"))
    return done


async def test_connections_that_are_ended_again_and_again_double_nothing(
    site: Site, tenant: Tenant
) -> None:
    """Every session of the platform is ended, in the middle of whatever it does, forty times."""
    project = await site.project(tenant)
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, [project], clients=12) as load:
            for _ in range(40):
                await all_ended(site.urls)
                await asyncio.sleep(0.03)
            await load.more(12)
        found = await judged(site.urls, calls, project, load.acts[project])

    assert found == []
    assert set(calls.codes) <= {"storage_unavailable"}
    assert calls.longest_s < LONGEST_S


async def test_without_connections_everything_is_a_503_and_recovers(
    site: Site, tenant: Tenant
) -> None:
    """`too many connections`: no 500 on any path, and no restart needed afterwards."""
    project = await site.project(tenant)
    async with site.calls(tenant.token) as calls:
        await calls.act(project, key="before")
        async with no_connections(site.urls):
            answers = await everything(calls, project)
        began_s = asyncio.get_running_loop().time()
        await calls.act(project, key="after")
        recovered_s = asyncio.get_running_loop().time() - began_s

    assert {(status, code) for status, code in answers} == {(503, "storage_unavailable")}
    assert calls.longest_s < LONGEST_S
    assert recovered_s < RECOVERED_WITHIN_S
    assert (await stored_history(site.urls, project)).head_version == 2


async def everything(calls: Calls, project: str) -> list[tuple[int, str]]:
    """Read, simulate, execute and administrate, and return how each was answered."""
    place = f"/v1/projects/{project}"
    simulated = {"plan": {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}}
    answers = [
        await calls.call("GET", f"{place}/state"),
        await calls.call("GET", f"{place}/state:verify"),
        await calls.call("GET", f"{place}/outcomes"),
        await calls.call("GET", "/v1/tokens"),
        await calls.call("POST", f"{place}/plans:simulate", simulated),
        await calls.call("POST", f"{place}/plans:execute", simulated),
        await calls.call("POST", "/v1/projects", {"name": "x", "environment": "counter"}),
    ]
    return [(0, "no answer") if item is None else (item.status, item.code) for item in answers]


async def test_a_row_that_somebody_else_has_locked_is_not_waited_for_without_end(
    site: Site, tenant: Tenant
) -> None:
    """503 in time; once the lock is gone, the same key tells what took place, once."""
    project = await site.project(tenant)
    async with site.calls(tenant.token) as calls:
        async with locked_heads(site.urls, project):
            hurried = {"Plangate-Timeout": "1"}
            refused = await calls.execute(project, key="k", headers=hurried)
        act = await calls.act(project, key="k")

    assert refused is not None
    assert (refused.status, refused.code) == (503, "storage_unavailable")
    assert refused.took_s < 1 + GRACE_S + 0.5
    assert act.version == 1
    assert (await stored_history(site.urls, project)).head_version == 1
