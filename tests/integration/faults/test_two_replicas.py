"""Two replicas on one database under load keep every project's history one line."""

from __future__ import annotations

import asyncio
from itertools import count

from tests.integration.faults.history import judged
from tests.integration.faults.load import under_load
from tests.integration.faults.site import Site, Tenant

PROJECTS = 8
CLIENTS = 64
LASTS_S = 8.0


async def test_64_clients_on_8_projects_leave_8_linear_histories(
    site: Site, tenant: Tenant
) -> None:
    """Numbers without gaps, sums that agree, replays that verify; no request takes long."""
    projects = [await site.project(tenant, f"p{number}") for number in range(PROJECTS)]
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, projects, clients=CLIENTS) as load:
            await asyncio.sleep(LASTS_S)  # the load itself, not a wait for anything
        found = [
            f"{number}: {problem}"
            for number, project in zip(count(), projects, strict=False)
            for problem in await judged(site.urls, calls, project, load.acts[project])
        ]

    assert found == []
    assert {len(load.acts[project]) > 0 for project in projects} == {True}
    assert calls.longest_s < 10
    assert max(act.tries for acts in load.acts.values() for act in acts) == 1
