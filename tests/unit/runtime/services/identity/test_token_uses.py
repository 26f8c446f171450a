"""Uses of tokens are written together, later, and never in anybody's way."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine

from runtime.kit.clock import FixedClock
from runtime.services.identity.token_uses import TokenUses
from runtime.store.session import Database
from runtime.store.tokens import find_token
from tests.database import FreshDatabase
from tests.unit.runtime.services.founding import START, Founded, found


async def last_used(database: Database, founded: Founded) -> float | None:
    """Return how many seconds after the start the owner's token was last used."""
    async with database.transaction(founded.organization_id) as connection:
        token = await find_token(connection, founded.token_id)
    assert token is not None
    return None if token.last_used_at is None else (token.last_used_at - START).total_seconds()


async def test_a_use_is_written_a_little_later(database: FreshDatabase) -> None:
    """By nobody's request."""
    clock = FixedClock(START)
    founded = await found(database, clock)
    uses = TokenUses(database, clock, after_s=0.01)
    written = asyncio.Event()

    @event.listens_for(database.engine.sync_engine, "commit")
    def committed(_: object) -> None:
        written.set()

    uses.note(founded.organization_id, founded.token_id, last_used_at=None)
    async with asyncio.timeout(10):
        await written.wait()

    assert await last_used(database, founded) == 0
    await uses.close()


async def test_what_waits_is_written_at_the_end(database: FreshDatabase) -> None:
    """Of several organizations, each in its own tenant."""
    clock = FixedClock(START)
    first = await found(database, clock)
    clock.advance(timedelta(seconds=5))
    second = await found(database, clock)
    uses = TokenUses(database, clock)
    for founded in (first, second):
        uses.note(founded.organization_id, founded.token_id, last_used_at=None)

    await uses.close()

    assert [await last_used(database, founded) for founded in (first, second)] == [5, 5]


async def test_a_use_of_the_last_minute_is_not_written_again(database: FreshDatabase) -> None:
    """Neither noted, where that is known, nor written, where another replica did."""
    clock = FixedClock(START)
    founded = await found(database, clock)
    uses = TokenUses(database, clock)
    uses.note(founded.organization_id, founded.token_id, last_used_at=None)
    await uses.write()
    clock.advance(timedelta(seconds=59))

    uses.note(founded.organization_id, founded.token_id, last_used_at=START)
    await uses.write()
    known = await last_used(database, founded)
    uses.note(founded.organization_id, founded.token_id, last_used_at=None)
    await uses.close()

    assert (known, await last_used(database, founded)) == (0, 0)


async def test_too_many_are_dropped(database: FreshDatabase) -> None:
    """Memory is bounded; nobody waits for these figures."""
    clock = FixedClock(START)
    founded = await found(database, clock)
    uses = TokenUses(database, clock, most_waiting=1)
    other = "tok_01KDVDNA000000000000000000"

    uses.note(founded.organization_id, other, last_used_at=None)
    uses.note(founded.organization_id, founded.token_id, last_used_at=None)
    await uses.close()

    assert await last_used(database, founded) is None


async def test_a_database_that_is_away_is_nobodys_trouble(database: FreshDatabase) -> None:
    """What could not be written is forgotten."""
    nowhere = create_async_engine("postgresql+asyncpg://nobody@127.0.0.1:9/nothing")
    away = Database(engine=nowhere, direct=database.direct)
    uses = TokenUses(away, FixedClock(START))

    uses.note("org_01KDVDNA000000000000000000", "tok_x", last_used_at=None)

    await uses.close()
