"""Whatever keeps the database from answering is one error of ours, and no other error is (N10)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from runtime.domain.errors import StorageUnavailableError
from runtime.store.heads import read_head
from runtime.store.session import PoolSizes
from tests.database import FreshDatabase
from tests.execution import World
from tests.integration.faults.postgres_faults import all_ended

MOMENTARY = {
    "statement timeout": ("set local statement_timeout = '20ms'", "select pg_sleep(5)"),
    "lock timeout": ("select 1", "do $$ begin raise exception using errcode = '55P03'; end $$"),
    "deadlock": ("select 1", "do $$ begin raise exception using errcode = '40P01'; end $$"),
    "serialization": ("select 1", "do $$ begin raise exception using errcode = '40001'; end $$"),
    "disk full": ("select 1", "do $$ begin raise exception using errcode = '53100'; end $$"),
    "too many": ("select 1", "do $$ begin raise exception using errcode = '53300'; end $$"),
    "shutdown": ("select 1", "do $$ begin raise exception using errcode = '57P01'; end $$"),
    "starting up": ("select 1", "do $$ begin raise exception using errcode = '57P03'; end $$"),
    "input or output": ("select 1", "do $$ begin raise exception using errcode = '58030'; end $$"),
    "a replica": ("set transaction read only", "update heads set fence = fence"),
}


async def nothing() -> None:
    """Let nothing happen."""


async def ran(
    world: World, *statements: str, meanwhile: Callable[[], Awaitable[None]] = nothing
) -> list[object]:
    """Run statements in one transaction, and return the first value that each found."""
    found: list[object] = []
    async with world.database.transaction(world.caller.organization_id) as connection:
        await meanwhile()
        for statement in statements:
            result = await connection.execute(text(statement))
            found.append(result.scalar() if result.returns_rows else None)
    return found


@pytest.mark.parametrize("statements", MOMENTARY.values(), ids=MOMENTARY.keys())
async def test_what_passes_is_told_as_storage_that_does_not_answer(
    world: World, statements: tuple[str, str]
) -> None:
    """Callers get a 503 and try again; its reason names no statement and no value."""
    with pytest.raises(StorageUnavailableError) as caught:
        await ran(world, *statements)

    assert statements[1] not in str(caught.value)


async def test_a_session_that_is_ended_within_a_transaction_is_told_so(
    world: World, database: FreshDatabase
) -> None:
    """The next transaction finds another connection."""
    with pytest.raises(StorageUnavailableError):
        await ran(world, "select 1", meanwhile=lambda: all_ended(database.urls))

    assert await ran(world, "select 1") == [1]


async def test_sessions_that_are_ended_while_idle_are_not_noticed(
    world: World, database: FreshDatabase
) -> None:
    """Reads of heads and transactions alike go on with new ones."""
    for _ in range(3):
        await all_ended(database.urls)
        head = await read_head(
            world.database,
            organization_id=world.caller.organization_id,
            project_id=world.project_id,
        )
        assert head.state.version == 0
        assert await world.counter() == 0


async def test_a_pool_that_is_exhausted_is_told_so(world: World) -> None:
    """Who waits too long for a connection gets a 503 and not a fault."""
    async with AsyncExitStack() as stack:
        for _ in range(PoolSizes().general):
            await stack.enter_async_context(
                world.database.transaction(world.caller.organization_id)
            )

        with pytest.raises(StorageUnavailableError):
            await stack.enter_async_context(
                world.database.transaction(world.caller.organization_id)
            )


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        pytest.param("insert into projects select * from projects", IntegrityError, id="unique"),
        pytest.param("select nothing from nowhere", DBAPIError, id="a fault of ours"),
        pytest.param("drop table projects", DBAPIError, id="a right that is missing"),
    ],
)
async def test_what_does_not_pass_stays_what_it_is(
    world: World, statement: str, error: type[Exception]
) -> None:
    """Stores know what to do with a unique key, and a fault of ours is to be seen as one."""
    with pytest.raises(error):
        await ran(world, statement)
