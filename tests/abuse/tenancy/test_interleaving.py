"""Let tenants share few connections while transactions abort, time out and are cancelled (T2).

10,000 transactions in all, over 5 connections of each door. Whoever borrows a connection sees rows
of its own organization alone, and a connection that is given back has no organization set.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from enum import StrEnum
from typing import Any, Final

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.domain.errors import StorageUnavailableError
from runtime.store.session import Database, PoolSizes
from tests.database import DatabaseUrls, session
from tests.rows import an_id, organization, rows_of, seed

CONNECTIONS: Final = 5
GENERAL: Final = 2_500
DIRECT: Final = 7_500
LOOK_EVERY: Final = 5
"""Of commits; after every other end it is looked at what is left."""
BORROWERS: Final = 12
TENANTS: Final = tuple(organization(number) for number in range(1, 5))
SEEN: Final = "select distinct organization_id from projects"
LEFT: Final = "select current_setting('app.organization_id', true)"
SET: Final = "select set_config('app.organization_id', $1, true)"
SLEEP: Final = "select pg_sleep(0.2)"
TIMED: Final = "set local statement_timeout = 1"


class Fate(StrEnum):
    """Say how a transaction ends."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    CANCELLED = "cancelled"
    CANCELLED_TWICE = "cancelled twice"


WEIGHTS: Final = {
    Fate.COMMITTED: 70,
    Fate.ABORTED: 14,
    Fate.FAILED: 10,
    Fate.TIMED_OUT: 3,
    Fate.CANCELLED: 2,
    Fate.CANCELLED_TWICE: 1,
}


class Abort(Exception):  # noqa: N818  # what a use case raises to take everything back
    """Take a transaction back."""


Ran = Callable[[str, Fate], Awaitable[set[str]]]
"""Run one transaction of a tenant to its fate; returns the organizations whose rows it saw."""


@pytest_asyncio.fixture
async def shared(database_urls: DatabaseUrls) -> AsyncIterator[Database]:
    """Open a database of four tenants over five connections of each kind."""
    async with session(database_urls.superuser_url) as superuser:
        for tenant in TENANTS:
            await seed(superuser, rows_of(tenant))
    opened = await Database.opened(
        database_urls.app_url, sizes=PoolSizes(direct=CONNECTIONS, general=CONNECTIONS)
    )
    try:
        yield opened
    finally:
        await opened.close()


async def test_transactions_of_many_queries_do_not_mix(shared: Database) -> None:
    """The door for everything: each transaction is one tenant's, however the last one ended."""

    async def ran(tenant: str, fate: Fate) -> set[str]:
        async with shared.transaction(tenant) as connection:
            seen = set(await connection.scalars(text(SEEN)))
            if fate is Fate.ABORTED:
                raise Abort
            if fate is Fate.FAILED:
                await connection.execute(text("select 1 / 0"))
            if fate is Fate.TIMED_OUT:
                await connection.execute(text(TIMED))
            if fate is not Fate.COMMITTED:
                await connection.execute(text(SLEEP))
            return seen

    async def left() -> str:
        async with shared.engine.connect() as connection:
            return str(await connection.scalar(text(LEFT)) or "")

    fates = await _mixed(ran, left, transactions=GENERAL)

    assert set(fates) == set(Fate)
    assert fates.total() == GENERAL


async def test_transactions_of_executions_do_not_mix(shared: Database) -> None:
    """The direct door: its pool resets nothing, so nothing may be left to reset."""

    async def ran(tenant: str, fate: Fate) -> set[str]:
        async with shared.direct.acquire() as connection, connection.transaction():
            await connection.execute(SET, tenant)
            seen = {row[0] for row in await connection.fetch(SEEN)}
            if fate is Fate.ABORTED:
                raise Abort
            if fate is Fate.FAILED:
                await connection.execute("select 1 / 0")
            if fate is Fate.TIMED_OUT:
                await connection.execute(TIMED)
            if fate is not Fate.COMMITTED:
                await connection.execute(SLEEP)
            return seen

    async def left() -> str:
        return str(await shared.direct.fetchval(LEFT) or "")

    fates = await _mixed(ran, left, transactions=DIRECT)

    assert set(fates) == set(Fate)
    assert fates.total() == DIRECT


async def test_one_statement_is_one_transaction(shared: Database) -> None:
    """A function that names its tenant leaves none behind, for whoever asks next without one."""
    project = an_id("prj", 1)
    call = "select * from read_head($1, $2)"
    for tenant in TENANTS * 25:
        found = await shared.direct.fetchrow(call, tenant, project)
        assert found is not None
        assert await shared.direct.fetchval(LEFT) in {"", None}
        with pytest.raises(asyncpg.PostgresError, match="no organization is set"):
            await shared.direct.fetch("select * from heads")


async def test_a_door_that_leaks_is_noticed(shared: Database) -> None:
    """Set for the session instead of the transaction, an organization stays: the mix sees it."""

    async def ran(tenant: str, fate: Fate) -> set[str]:
        async with shared.direct.acquire() as connection, connection.transaction():
            await connection.execute(SET.replace("true", "false"), tenant)
            return {row[0] for row in await connection.fetch(SEEN)}

    async def left() -> str:
        return str(await shared.direct.fetchval(LEFT) or "")

    with pytest.raises(ExceptionGroup) as noticed:
        await _mixed(ran, left, transactions=100)

    assert noticed.group_contains(AssertionError)


async def _mixed(
    ran: Ran, left: Callable[[], Awaitable[str]], *, transactions: int
) -> Counter[Fate]:
    """Run many borrowers at once, each with its own seed; any mixing fails at once."""
    turns = itertools.count()
    fates: Counter[Fate] = Counter()

    async def borrow(number: int) -> None:
        chance = random.Random(number)
        while next(turns) < transactions:
            tenant = chance.choice(TENANTS)
            fate = chance.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]
            seen = await _ended(ran, tenant, fate)
            assert seen in ({tenant}, None), f"{tenant} saw {seen} ({fate})"
            fates[fate] += 1
            if fate is not Fate.COMMITTED or fates[fate] % LOOK_EVERY == 0:
                assert await left() == ""

    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        for number in range(BORROWERS):
            group.create_task(borrow(number))
    return fates


async def _ended(ran: Ran, tenant: str, fate: Fate) -> set[str] | None:
    """Bring a transaction to its end; None if it did not live to tell what it saw."""
    if fate in {Fate.CANCELLED, Fate.CANCELLED_TWICE}:
        await _cancelled(ran(tenant, fate), twice=fate is Fate.CANCELLED_TWICE)
        return None
    try:
        return await ran(tenant, fate)
    except (Abort, DBAPIError, StorageUnavailableError, asyncpg.PostgresError):
        assert fate is not Fate.COMMITTED
        return None


async def _cancelled(work: Awaitable[Any], *, twice: bool) -> None:
    """Cancel a transaction while it waits, and perhaps again while it cleans up."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=0.01)
    task.cancel()
    if twice:
        await asyncio.wait([task], timeout=0)
        task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() or task.exception() is not None
