"""A connection is waited for no longer than is said, and what commits through it is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.domain.errors import StorageUnavailableError
from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.store.session import CONNECT_TIMEOUT_S, Database, ObserveWait, PoolSizes
from tests.database import APP, DatabaseUrls, session

MARGIN_S = 2.0
"""What a busy machine may add to a bound."""


@asynccontextmanager
async def opened(
    urls: DatabaseUrls, *, direct: int = 1, observe: ObserveWait | None = None
) -> AsyncIterator[Database]:
    """Open a database with few connections."""
    database = await Database.opened(
        urls.app_url, sizes=PoolSizes(direct=direct, general=1), observe=observe
    )
    try:
        yield database
    finally:
        await database.close()


async def test_a_direct_connection_is_waited_for_so_long_and_no_longer(
    database_urls: DatabaseUrls,
) -> None:
    """While all are lent, who asks is told in time that nothing was sent; one given back serves."""
    loop = asyncio.get_running_loop()
    async with opened(database_urls, direct=2) as database:
        async with AsyncExitStack() as lent:
            for _ in range(2):
                await lent.enter_async_context(database.connection())
            began_s = loop.time()

            async with asyncio.timeout(CONNECT_TIMEOUT_S + MARGIN_S):
                with pytest.raises(StorageUnavailableError) as caught:
                    await lent.enter_async_context(database.connection())
            waited_s = loop.time() - began_s

        async with database.connection() as connection:
            answer = await connection.fetchval("select 1")

    assert not caught.value.sent
    assert waited_s >= CONNECT_TIMEOUT_S - 0.1
    assert answer == 1


async def test_who_waits_gets_the_connection_that_is_given_back(
    database_urls: DatabaseUrls,
) -> None:
    """Before the bound, and not only after it."""
    async with opened(database_urls) as database, asyncio.timeout(CONNECT_TIMEOUT_S):

        async def asked() -> object:
            async with database.connection() as connection:
                return await connection.fetchval("select 1")

        async with database.connection():
            waiting = asyncio.create_task(asked())
            await asyncio.sleep(0)
            done_early = waiting.done()
        answer = await waiting

    assert (done_early, answer) == (False, 1)


async def test_every_wait_for_a_connection_is_told_once(database_urls: DatabaseUrls) -> None:
    """By pool and in seconds; those in vain too, which are the ones to look for."""
    told: list[tuple[str, float]] = []
    organization = Ids(SystemClock()).new("org")

    def observe(pool: str, seconds: float) -> None:
        told.append((pool, seconds))

    async with opened(database_urls, observe=observe) as database:
        async with database.connection(), database.transaction(organization):
            at_once = [pool for pool, _ in told]
            async with asyncio.TaskGroup() as group:
                for lent in (database.connection(), database.transaction(organization)):
                    group.create_task(refused(lent))
        with pytest.raises(DBAPIError):
            async with database.transaction(organization) as transaction:
                await transaction.execute(text("select nothing from nowhere"))

    late = {pool for pool, seconds in told if seconds >= CONNECT_TIMEOUT_S - 0.1}
    assert at_once == ["direct", "general"]
    assert sorted(pool for pool, _ in told) == ["direct"] * 2 + ["general"] * 3
    assert late == {"direct", "general"}


async def refused(lent: AbstractAsyncContextManager[object]) -> None:
    """Ask for a connection in vain."""
    with pytest.raises(StorageUnavailableError):
        async with lent:
            raise AssertionError("a connection was free")


@pytest.mark.parametrize(
    "default",
    [
        pytest.param("alter database {name} set synchronous_commit = off", id="the database's"),
        pytest.param(
            "alter role {role} in database {name} set synchronous_commit = off", id="the role's"
        ),
    ],
)
async def test_commits_wait_for_the_disk_whatever_a_default_says(
    database_urls: DatabaseUrls, default: str
) -> None:
    """On both doors: what is acknowledged survives a crash of the server."""
    async with session(database_urls.superuser_url) as superuser:
        await superuser.execute(default.format(name=database_urls.name, role=APP))

    async with session(database_urls.app_url) as bare:
        by_default = await bare.fetchval("show synchronous_commit")
    async with opened(database_urls) as database:
        async with database.connection() as connection:
            direct = await connection.fetchval("show synchronous_commit")
        async with database.transaction(Ids(SystemClock()).new("org")) as transaction:
            general = await transaction.scalar(text("show synchronous_commit"))

    assert by_default == "off"
    assert (direct, general) == ("on", "on")
