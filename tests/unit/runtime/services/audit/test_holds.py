"""Owners place holds and release them; each is recorded, and none is changed or deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from runtime.domain.audit_hold import MOST_HOLDS
from runtime.domain.errors import NameTakenError, NotAllowedError, NotFoundError, WrongTimeError
from runtime.services.audit.holds import HoldWish, hold_document
from runtime.store.session import Database
from tests.audit_keys import ADA, KeysWorld, a_keys_world
from tests.tenants import a_person, a_tenant, keyed

CASE = HoldWish(name="Kiln ./. Sons", reason="a letter of their lawyers")
OF_ADA = HoldWish(name=CASE.name, reason="as above", subject=ADA)


@pytest.fixture
async def world(database: Database) -> KeysWorld:
    """Make an organization without holds."""
    return await a_keys_world(database)


async def kinds(world: KeysWorld) -> list[object]:
    """Return what was recorded of holds, in order, with whose they are."""
    rows = await world.rows(
        "select kind, document::json->>'subject', document::json->>'name' from audit_records"
        " where kind like 'audit.%' order by id"
    )
    return [row[:2] for row in rows if row[2] == CASE.name]


async def test_a_hold_is_placed_and_released_by_owners(world: KeysWorld) -> None:
    """It is listed all the while, and recorded with its name and without its reason."""
    tenant = world.tenant
    placed = (await world.holds.place(tenant.owner, CASE)).document
    tenant.tenancy.clock.advance(timedelta(seconds=1))
    of_ada = (await world.holds.place(tenant.owner, OF_ADA)).document
    tenant.tenancy.clock.advance(timedelta(seconds=1))
    released = (await world.holds.release(tenant.owner, placed["id"])).document
    listed = await world.holds.after(tenant.owner, None, limit=10)

    assert placed["subject"] is None
    assert placed["held_by"] == tenant.owner_id
    assert released == {
        **placed,
        "released_at": "2026-01-05T12:00:02Z",
        "released_by": tenant.owner_id,
    }
    assert [hold_document(hold) for hold in listed] == [released, of_ada]
    assert await world.holds.after(tenant.owner, placed["id"], limit=10) == listed[1:]
    assert len(await world.holds.after(tenant.owner, None, limit=1)) == 1
    assert await kinds(world) == [
        ("audit.hold_placed", None),
        ("audit.hold_placed", ADA),
        ("audit.hold_released", None),
    ]
    assert await world.rows("select 1 from audit_records where document like '%lawyers%'") == []


async def test_a_name_holds_the_same_once(world: KeysWorld) -> None:
    """Once it is released it may be placed again; another subject is something else."""
    owner = world.tenant.owner
    placed = (await world.holds.place(owner, CASE)).document
    await world.holds.place(owner, OF_ADA)
    for again in (CASE, OF_ADA):
        with pytest.raises(NameTakenError):
            await world.holds.place(owner, again)

    await world.holds.release(owner, placed["id"])
    await world.holds.place(owner, CASE)


async def test_who_is_no_owner_can_neither_hold_nor_see(world: KeysWorld) -> None:
    """And nobody of another organization."""
    placed = (await world.holds.place(world.tenant.owner, CASE)).document
    other = await a_tenant(world.tenant.tenancy, "Globex")
    person = await a_person(world.tenant, "pat")
    owner = world.tenant.owner
    unscoped = replace(owner, caller=replace(owner.caller, scopes=frozenset()))

    for refused in (person, unscoped):
        with pytest.raises(NotAllowedError):
            await world.holds.place(refused, OF_ADA)
        with pytest.raises(NotAllowedError):
            await world.holds.release(refused, placed["id"])
        with pytest.raises(NotAllowedError):
            await world.holds.after(refused, None, limit=1)
    with pytest.raises(NotFoundError):
        await world.holds.release(other.owner, placed["id"])
    assert await world.holds.after(other.owner, None, limit=10) == ()


async def test_what_can_not_be_is_refused(world: KeysWorld) -> None:
    """A hold that is none, is over, or is of nobody; more than there may be."""
    owner = world.tenant.owner
    placed = (await world.holds.place(owner, CASE)).document
    await world.holds.release(owner, placed["id"])

    with pytest.raises(WrongTimeError, match="released already"):
        await world.holds.release(owner, placed["id"])
    for unknown in ("x", world.tenant.tenancy.ids.new("ahd")):
        with pytest.raises(NotFoundError):
            await world.holds.release(owner, unknown)
    with pytest.raises(NotFoundError):
        await world.holds.place(owner, HoldWish(name="x", reason="", subject="Ada Lovelace"))
    await world.tenant.tenancy.organizations.archive(owner, world.tenant.id)
    with pytest.raises(WrongTimeError, match="archived"):
        await world.holds.place(owner, CASE)


async def test_there_is_an_end_to_holds(world: KeysWorld) -> None:
    """Those that are released don't count."""
    placed = (await world.holds.place(world.tenant.owner, CASE)).document
    async with world.database.transaction(world.tenant.id) as connection:
        await connection.execute(
            text(
                "insert into audit_holds (organization_id, id, name, reason, held_by, created_at)"
                " select :organization, 'ahd_' || n, 'case ' || n, '', 'mem', now()"
                " from generate_series(2, :most) as n"
            ),
            {"organization": world.tenant.id, "most": MOST_HOLDS},
        )

    with pytest.raises(WrongTimeError, match="most holds"):
        await world.holds.place(world.tenant.owner, OF_ADA)
    await world.holds.release(world.tenant.owner, placed["id"])
    await world.holds.place(world.tenant.owner, OF_ADA)


async def test_a_request_that_is_repeated_places_one_hold(world: KeysWorld) -> None:
    """And is answered as before."""
    asked = keyed(world.tenant.owner)

    first, second = [await world.holds.place(asked, CASE) for _ in range(2)]

    assert first.document == second.document
    assert second.replayed
