"""The database itself keeps keys: nobody brings one back, changes one, or destroys a held one."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from runtime.domain.audit_hold import Hold
from runtime.store.audit_holds import add_hold
from runtime.store.audit_payload_keys import (
    Destruction,
    WhyDestroyed,
    WrappedKey,
    add_keys,
    destroy_keys,
    live_keys,
)
from runtime.store.organizations import add_organization
from runtime.store.session import Database
from tests.database import FreshDatabase, session
from tests.unit.runtime.store.rows import (
    NOW,
    ORGANIZATION,
    OTHER,
    an_id,
    an_organization,
    waiting_for_a_lock,
)

ADA: Final = an_id("mem")
KEY: Final = WrappedKey(id=an_id("apk"), subject=ADA, period="2026-11", wrapped=b"wrapped")
HOLD: Final = Hold(
    id=an_id("ahd"), name="Kiln", reason="", subject=None, held_by=ADA, created_at=NOW
)
ERASE: Final = Destruction(why=WhyDestroyed.ERASED, subject=ADA)


@pytest.fixture
async def kept(database: FreshDatabase) -> FreshDatabase:
    """Store a key."""
    for organization in (ORGANIZATION, OTHER):
        async with database.transaction(organization) as connection:
            await add_organization(connection, an_organization(id=organization))
    async with database.transaction(ORGANIZATION) as connection:
        await add_keys(connection, [KEY], organization_id=ORGANIZATION, now=NOW)
    return database


async def change(database: Database, statement: str, organization: str = ORGANIZATION) -> int:
    """Run a statement under the app's role, and return how many rows it was about."""
    async with database.transaction(organization) as connection:
        return int((await connection.execute(text(statement))).rowcount)


async def held(database: Database) -> None:
    """Place a hold."""
    async with database.transaction(ORGANIZATION) as connection:
        await add_hold(connection, HOLD, organization_id=ORGANIZATION)


DESTROY: Final = (
    "update audit_payload_keys set wrapped = null, destroyed_at = now(), destroyed_why = 'erased'"
)


@pytest.mark.parametrize(
    "statement",
    [
        "delete from audit_payload_keys",
        "update audit_payload_keys set id = 'apk_other'",
        "update audit_payload_keys set subject = 'mem_other'",
        "update audit_payload_keys set period = '2026-12'",
        "update audit_payload_keys set created_at = now()",
        "update audit_payload_keys set wrapped = null",
        "update audit_payload_keys set destroyed_at = now(), destroyed_why = 'erased'",
        "update audit_payload_keys set wrapped = null, destroyed_at = now()",
        DESTROY.replace("erased", "bored"),
        "truncate audit_payload_keys cascade",
    ],
)
async def test_a_key_is_wrapped_anew_or_destroyed_and_no_more(
    kept: FreshDatabase, statement: str
) -> None:
    """By the app's role; and by the owner of the tables, what no check is about."""
    with pytest.raises(DBAPIError):
        await change(kept, statement)

    async with session(kept.owner_url) as owner:
        await owner.execute(f"set app.organization_id = '{ORGANIZATION}'")
        with pytest.raises(Exception, match=r"wrapped anew|only ever added|constraint"):
            await owner.execute(statement)
    assert await change(kept, "update audit_payload_keys set wrapped = 'w'") == 1


async def test_a_destroyed_key_stays_so(kept: FreshDatabase) -> None:
    """Whoever has a copy of it can't put it back, nor write another reason."""
    assert await change(kept, DESTROY) == 1
    for back in (
        "update audit_payload_keys set wrapped = 'w', destroyed_at = null, destroyed_why = null",
        "update audit_payload_keys set destroyed_why = 'expired'",
    ):
        with pytest.raises(DBAPIError, match="wrapped anew"):
            await change(kept, back)


async def test_what_is_held_is_not_destroyed_whoever_asks(kept: FreshDatabase) -> None:
    """Not by a statement that knows no hold; wrapping it anew is no harm."""
    await held(kept)

    with pytest.raises(DBAPIError, match="a hold keeps the keys") as refused:
        await change(kept, DESTROY)
    assert "PL008" in str(getattr(refused.value.orig, "sqlstate", ""))
    assert await change(kept, "update audit_payload_keys set wrapped = 'w'") == 1


async def test_no_hold_is_changed_deleted_or_released_twice(kept: FreshDatabase) -> None:
    """Who released it is there for good."""
    await held(kept)
    for statement in (
        "delete from audit_holds",
        "update audit_holds set name = 'other'",
        "update audit_holds set reason = 'other'",
        "update audit_holds set subject = 'mem_other'",
        "update audit_holds set held_by = 'mem_other'",
        "update audit_holds set created_at = now() + interval '1 day'",
        "update audit_holds set released_at = now()",
    ):
        with pytest.raises(DBAPIError):
            await change(kept, statement)
    release = "update audit_holds set released_at = now(), released_by = 'mem'"
    assert await change(kept, release) == 1
    with pytest.raises(DBAPIError, match="no more"):
        await change(kept, release)


async def test_another_organization_neither_sees_nor_destroys(kept: FreshDatabase) -> None:
    """Not even by naming it."""
    async with kept.transaction(OTHER) as connection:
        found = await live_keys(connection, ORGANIZATION, [(ADA, "2026-11")])
        gone = await destroy_keys(connection, ERASE, organization_id=ORGANIZATION, at=NOW)

    assert found == ()
    assert gone.keys == 0
    assert await change(kept, DESTROY, organization=OTHER) == 0


async def test_a_subject_has_one_live_key_a_month(kept: FreshDatabase) -> None:
    """Who makes another one finds the first; once it is destroyed there is room."""
    second = WrappedKey(id=an_id("apk", 2), subject=ADA, period="2026-11", wrapped=b"w")
    for expected in (KEY, second):
        async with kept.transaction(ORGANIZATION) as connection:
            await add_keys(connection, [second], organization_id=ORGANIZATION, now=NOW)
            assert await live_keys(connection, ORGANIZATION, [(ADA, "2026-11")]) == (expected,)
            await destroy_keys(connection, ERASE, organization_id=ORGANIZATION, at=NOW)


async def test_a_hold_waits_for_a_destruction_and_the_next_one_for_the_hold(
    kept: FreshDatabase,
) -> None:
    """What is there when a hold is acknowledged stays."""
    async with kept.transaction(ORGANIZATION) as holding:
        await add_hold(holding, HOLD, organization_id=ORGANIZATION)
        erasing = asyncio.create_task(change_by_function(kept))
        await waiting_for_a_lock(kept, ORGANIZATION)
    assert await erasing == (0, "Kiln")

    async with kept.transaction(OTHER) as free:
        await free.execute(text("select 1"))
    assert await change(kept, "update audit_payload_keys set wrapped = 'w'") == 1


async def test_a_hold_is_not_acknowledged_before_a_destruction_that_began(
    kept: FreshDatabase,
) -> None:
    """It comes after it."""
    async with kept.transaction(ORGANIZATION) as destroying:
        await destroy_keys(destroying, ERASE, organization_id=ORGANIZATION, at=NOW)
        placing = asyncio.create_task(held(kept))
        await waiting_for_a_lock(kept, ORGANIZATION)
        assert not placing.done()
    await placing


async def change_by_function(database: Database) -> tuple[int, str | None]:
    """Erase, and return how many keys went and what kept them."""
    async with database.transaction(ORGANIZATION) as connection:
        gone = await destroy_keys(connection, ERASE, organization_id=ORGANIZATION, at=NOW)
    return gone.keys, gone.hold
