"""Replicas that are killed under load lose nothing, invent nothing, double nothing."""

from __future__ import annotations

import asyncio
import signal
from random import Random

from tests.integration.faults.history import judged
from tests.integration.faults.load import under_load
from tests.integration.faults.nemesis import kill_replicas
from tests.integration.faults.site import Site, Tenant


async def test_clients_that_repeat_their_keys_learn_the_truth_after_every_kill(
    site: Site, tenant: Tenant
) -> None:
    """Each key acted once: what is stored is exactly what was acknowledged (N4, M4)."""
    projects = [await site.project(tenant, name) for name in ("one", "two")]
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, projects, clients=16, within_s=2.0) as load:
            harm = await kill_replicas(site, load, rounds=2, chance=Random(4))
        found = [
            problem
            for project in projects
            for problem in await judged(site.urls, calls, project, load.acts[project])
        ]

    assert found == []
    assert harm.rounds >= 2
    assert max(harm.recoveries_s) < 20


async def test_a_replica_that_is_asked_to_end_hands_its_projects_over(
    site: Site, tenant: Tenant
) -> None:
    """It finishes what it began and gives its leases back: nobody waits for them to run out."""
    project, ended = await site.project(tenant), site.servers[0]
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, [project], clients=8, within_s=2.0) as load:
            await load.more(20)
            pid = ended.pid
            code = await asyncio.to_thread(ended.end)
            holder = await site.holder_pid(tenant, project)
            await load.more(20)
        await site.mend()
        found = await judged(site.urls, calls, project, load.acts[project])

    assert found == []
    assert code in {0, -signal.SIGTERM}
    assert holder != pid
    assert calls.codes == {}
