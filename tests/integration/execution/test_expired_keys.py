"""Answers to old keys are forgotten, those of the last day are kept."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from sqlalchemy import text

from runtime.kit.clock import FixedClock
from runtime.services.expired_keys import KEPT, ExpiredKeys
from runtime.services.unit_of_work import FORGOTTEN_AT_ONCE, Answer
from runtime.store.idempotency_keys import forget_before
from runtime.store.session import Database
from tests.execution import World, an_increment
from tests.tenants import Tenancy, Tenant, a_tenancy, a_tenant, keyed

MOMENT = timedelta(seconds=1)


async def test_old_keys_go_and_young_ones_stay(world: World) -> None:
    """After a day, not before; what they named stays."""
    await world.execute(an_increment(), key="old")
    clock = FixedClock(world.ids.now())
    expired = ExpiredKeys(world.database, clock)
    organization = world.caller.organization_id

    clock.advance(KEPT - timedelta(seconds=1))
    early = await expired.forget(organization)
    clock.advance(timedelta(seconds=2))
    late = await expired.forget(organization)

    assert (early, late) == (0, 1)
    assert await world.count("idempotency_keys") == 0
    assert await world.count("outcomes") == 1


async def test_keys_of_who_only_administrates_go_with_a_later_write(database: Database) -> None:
    """With or without a key of its own; what is young is replayed, and others' keys are theirs."""
    tenancy = a_tenancy(database)
    tenant, other = await a_tenant(tenancy), await a_tenant(tenancy, "Other")
    await written(other, "theirs")
    await written(tenant, "old")
    tenancy.clock.advance(KEPT - MOMENT)
    await written(tenant, "young")
    early = await keys_of(tenant)

    tenancy.clock.advance(2 * MOMENT)
    await written(tenant)
    late = await keys_of(tenant)
    again = await written(tenant, "young")

    assert early == {"old", "young"}
    assert late == {"young"}
    assert again.replayed
    assert await keys_of(other) == {"theirs"}


async def test_a_write_takes_along_so_many_old_keys_and_no_more(database: Database) -> None:
    """Its cost is bounded, whatever has gathered; it is still more than it adds."""
    tenant = await a_tenant(a_tenancy(database))
    for number in range(FORGOTTEN_AT_ONCE + 3):
        await written(tenant, f"old-{number}")
    tenant.tenancy.clock.advance(KEPT + MOMENT)

    left = []
    for number in range(2):
        await written(tenant, f"new-{number}")
        left.append(len(await keys_of(tenant)))

    assert left == [3 + 1, 2]


async def test_old_keys_that_somebody_works_with_are_left_and_not_waited_for(
    database: Database,
) -> None:
    """Two sweeps at once share the work; neither can keep a request waiting."""
    tenancy: Tenancy = a_tenancy(database)
    tenant = await a_tenant(tenancy)
    await written(tenant, "held")
    await written(tenant, "free")
    tenancy.clock.advance(KEPT + MOMENT)

    async with database.transaction(tenant.id) as holding:
        await holding.execute(text("select from idempotency_keys where key = 'held' for update"))
        async with asyncio.timeout(5):
            await written(tenant)
        left = await keys_of(tenant)
        gone = await forget_before(holding, tenancy.clock.now(), limit=10)

    assert left == {"held"}
    assert gone == 1


async def written(tenant: Tenant, key: str | None = None) -> Answer:
    """Rename the organization, under a key or without."""
    asked = tenant.owner if key is None else keyed(tenant.owner, key)
    return await tenant.tenancy.organizations.rename(asked, tenant.id, name=f"Named by {key}")


async def keys_of(tenant: Tenant) -> set[str]:
    """Return the keys that an organization keeps."""
    async with tenant.tenancy.database.transaction(tenant.id) as connection:
        found = await connection.execute(text("select key from idempotency_keys"))
        return set(found.scalars())
