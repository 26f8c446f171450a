"""A replica that sleeps through its lease writes nothing stale when it wakes up (N1)."""

from __future__ import annotations

from random import Random

from tests.integration.faults.history import judged
from tests.integration.faults.load import under_load
from tests.integration.faults.nemesis import freeze_holders
from tests.integration.faults.site import Site, Tenant


async def test_holders_that_are_frozen_for_three_lease_times_lose_and_double_nothing(
    site: Site, tenant: Tenant
) -> None:
    """Others take over meanwhile; the history stays one line of exactly what was acknowledged."""
    project = await site.project(tenant)
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, [project], clients=8, within_s=0.5) as load:
            harm = await freeze_holders(site, tenant, project, load, rounds=4, chance=Random(1))
        found = await judged(site.urls, calls, project, load.acts[project])

    assert found == []
    assert harm.held > 0
    assert harm.starved == 0
