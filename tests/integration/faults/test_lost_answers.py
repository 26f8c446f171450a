"""When the database's answer to a commit is lost, callers still learn what took place (N10)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from runtime.domain.caller import CredentialKind
from runtime.domain.errors import StorageUnavailableError
from runtime.domain.organization import OrganizationRole
from runtime.services.context import Context, RequestKey
from runtime.services.execution.plans import PATIENCE_S, PlanRequest
from runtime.services.tenancy.projects import Projects
from runtime.store.session import Database
from tests.database import FreshDatabase, session
from tests.execution import ENVIRONMENTS, World, a_key, an_increment, document_of, opened
from tests.integration.faults.postgres_faults import blocked
from tests.servers.cutting_proxy import CuttingProxy, Moment, cutting_proxy

EXECUTION = b'"next_usage"'
COMMIT = b"COMMIT"
TOLD_WITHIN_S = 12.5
"""With the usual patience; with another one as much earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Hold a world that reaches its database through a proxy."""

    world: World
    proxy: CuttingProxy


@pytest_asyncio.fixture
async def behind(world: World, database: FreshDatabase) -> AsyncIterator[Behind]:
    """Give a world whose connections can be cut."""
    port = urlsplit(database.app_url).port
    assert port is not None
    async with cutting_proxy(port) as proxy:
        through = await Database.opened(proxy.url(database.app_url))
        world.stack.push_async_callback(through.close)
        place = await opened(
            world.stack,
            through,
            world.redis_url,
            caller=world.caller,
            project_id=world.project_id,
        )
        yield Behind(world=place, proxy=proxy)
        await place.lines.close()
        await through.close()


@pytest.mark.parametrize("moment", Moment)
async def test_a_cut_connection_has_one_effect_and_the_true_answer(
    behind: Behind, world: World, moment: Moment
) -> None:
    """Without any key: the outcome's own id tells whether it was written; it is not tried twice."""
    await behind.world.execute(an_increment(5))
    behind.proxy.cut(moment, EXECUTION)

    outcome = await behind.world.execute(an_increment(3))

    assert behind.proxy.cuts == 1
    assert outcome["after"]["version"] == 2
    assert await world.counter() == 8
    assert await world.count("outcomes") == 2


@pytest.mark.parametrize("moment", Moment)
async def test_a_cut_connection_answers_a_whole_group_truly(
    behind: Behind, world: World, moment: Moment
) -> None:
    """Forty in two commits: each acts once, and none is answered with another's outcome."""
    behind.proxy.cut(moment, EXECUTION, times=2)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(behind.world.execute(an_increment(), key=f"key-{number}"))
            for number in range(40)
        ]

    outcomes = [task.result() for task in tasks]
    assert behind.proxy.cuts == 2
    assert [outcome["after"]["version"] for outcome in outcomes] == list(range(1, 41))
    assert len({outcome["id"] for outcome in outcomes}) == 40
    assert await world.count("outcomes") == 40


async def test_what_can_not_be_known_is_told_so_and_its_key_tells_later(
    behind: Behind, world: World
) -> None:
    """It was written, and the database stays away: 503 in time; later the same key replays."""
    behind.proxy.cut(Moment.AFTER, EXECUTION)
    context = replace(world.context, key=a_key("k"))
    asked = PlanRequest(plan=an_increment(3))
    hurried = replace(asked, patience_s=0.5)
    waiting = asyncio.create_task(
        behind.world.plans.execute(context, world.project_id, asked=hurried)
    )
    await behind.proxy.was_cut()
    behind.proxy.shut()

    with pytest.raises(StorageUnavailableError):
        async with asyncio.timeout(TOLD_WITHIN_S - PATIENCE_S):
            await waiting
    behind.proxy.reopen()
    executed = await behind.world.plans.execute(context, world.project_id, asked=asked)

    assert executed.replayed
    assert await world.counter() == 3
    assert await world.count("outcomes") == 1


async def test_a_commit_that_is_still_under_way_is_not_done_twice(
    behind: Behind, world: World, database: FreshDatabase
) -> None:
    """Its connection is gone, the server still waits for a row, and meanwhile we try again."""
    await behind.world.execute(an_increment())
    async with session(database.owner_url) as owner:
        async with owner.transaction():
            await owner.execute(
                "select set_config('app.organization_id', $1, true)", world.caller.organization_id
            )
            await owner.execute("select from heads for update")
            behind.proxy.cut(Moment.DURING, EXECUTION)
            waiting = asyncio.create_task(behind.world.execute(an_increment(3), key="k"))
            await behind.proxy.was_cut()
            await blocked(database.urls, statements=2)

        outcome = await waiting

    assert outcome["after"]["version"] == 2
    assert await world.counter() == 4
    assert await world.count("outcomes") == 2


@pytest.mark.parametrize("moment", Moment)
async def test_a_reversion_without_a_key_is_done_once_and_told_truly(
    behind: Behind, world: World, moment: Moment
) -> None:
    """It has no outcome to be found by; what it went back to is told all the same, and once."""
    admin = replace(world.caller, organization_role=OrganizationRole.OWNER)
    for by in (3, 9):
        await behind.world.execute(an_increment(by))
    behind.proxy.cut(moment, EXECUTION)

    executed = await behind.world.states.revert(
        Context(caller=admin), world.project_id, version=1, expects=2
    )

    assert behind.proxy.cuts == 1
    assert document_of(executed)["reverted_to"] == 1
    assert executed.version == 3
    assert moment is Moment.DURING or executed.replayed is (moment is Moment.AFTER)
    assert await world.counter() == 3
    assert (await world.count("versions"), await world.count("outcomes")) == (4, 2)


@pytest.mark.parametrize("moment", Moment)
async def test_what_is_written_once_a_key_survives_a_cut(
    behind: Behind, world: World, moment: Moment
) -> None:
    """A project that was asked for with a key is there once, whenever the connection broke."""
    async with session(database_url(world)) as superuser:
        await superuser.execute("update members set organization_role = 'owner'")
    projects = Projects(database=behind.world.database, ids=world.ids, environments=ENVIRONMENTS)
    owner = replace(
        world.caller,
        organization_role=OrganizationRole.OWNER,
        credential_kind=CredentialKind.OIDC,  # whose credentials are not ours to look up
    )
    key = RequestKey(route="POST /v1/projects", key="k", body_digest="body")
    context = Context(caller=owner, key=key)
    behind.proxy.cut(moment, COMMIT)

    with pytest.raises(StorageUnavailableError):
        await projects.create(context, name="once", environment="counter", limits=None)
    answer = await projects.create(context, name="once", environment="counter", limits=None)

    assert behind.proxy.cuts == 1
    assert answer.replayed is (moment is not Moment.BEFORE)
    assert answer.document["name"] == "once"
    async with session(database_url(world)) as owner_session:
        assert (
            await owner_session.fetchval("select count(*) from projects where name = 'once'") == 1
        )


def database_url(world: World) -> str:
    """Return the superuser's address of a world's database."""
    assert isinstance(world.database, FreshDatabase)
    return world.database.urls.superuser_url
