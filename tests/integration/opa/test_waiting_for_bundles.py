"""A real OPA waits for bundles, so that a change of rules denies for a moment and no longer."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import aiohttp
import pytest

from tests.api.deciding.uploads import LARGE
from tests.database import DatabaseServer
from tests.execution import redis_url
from tests.integration.opa.site import BUNDLE_TOKEN, KEY_ID, Site, a_site

__all__ = ["redis_url"]

SOON_S = 5.0
"""Far above what was measured (0.3 to 1.2 s), and far below how often OPA would ask otherwise."""


@pytest.fixture(scope="module")
def site(database_server: DatabaseServer, redis_url: str) -> Iterator[Site]:
    """Run two replicas."""
    with database_server.migrated() as urls, a_site(urls, redis_url) as running:
        yield running


@pytest.mark.parametrize("replica", [0, 1], ids=["the one that OPA asks", "another one"])
async def test_rules_that_begin_to_hold_are_evaluated_soon(site: Site, replica: int) -> None:
    """Whichever replica changed them: OPA has waited for that."""
    tenant = await site.found()
    with site.opa(site.bundles(tenant.id)):
        await site.allowed_after_s(tenant)
        taken_s = []
        for number in range(3):
            await site.activate(tenant, LARGE, f"# {number}", at=replica)
            taken_s.append(await site.allowed_after_s(tenant))

    assert max(taken_s) < SOON_S, taken_s


async def test_an_organization_that_is_new_needs_no_other_configuration(
    site: Site,
) -> None:
    """OPA learns of it while it runs, and of its rules; those it knew are evaluated as before."""
    first = await site.found()
    discovery = {"resource": "discovery", "signing": {"keyid": KEY_ID}}
    config = site.config(
        discovery={
            "service": "plangate",
            **discovery,
            "polling": {"long_polling_timeout_seconds": 30},
        }
    )
    with site.opa(config) as opa:
        await site.allowed_after_s(first)
        second = await site.found()
        taken_s = await site.allowed_after_s(second)
        await site.activate(second, LARGE)
        again_s = await site.allowed_after_s(second)
        assert {first.id, second.id} <= opa.revisions().keys()
        assert await site.allowed_after_s(first) < SOON_S

    assert max(taken_s, again_s) < SOON_S


async def test_a_replica_that_ends_waits_for_nobody_who_waits(site: Site) -> None:
    """They are answered at once, well before they would have been."""
    tenant = await site.found()
    loop = asyncio.get_running_loop()
    headers = {"Authorization": f"Bearer {BUNDLE_TOKEN}", "Prefer": "wait=30"}
    url = f"{site.servers[1].url}/v1/bundles/{tenant.id}"
    async with aiohttp.ClientSession(headers=headers) as session:
        async with session.get(url) as response:
            known = {"If-None-Match": response.headers["ETag"]}
        began_s = loop.time()
        waiting = asyncio.create_task(_status(session, url, known))
        answered, _ = await asyncio.wait({waiting}, timeout=0.5)
        await asyncio.to_thread(site.servers[1].end)
        status = await waiting
    ended_s = loop.time() - began_s
    await asyncio.to_thread(site.servers[1].start)

    assert (len(answered), status) == (0, 304)
    assert ended_s < SOON_S


async def _status(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> int:
    async with session.get(url, headers=headers) as response:
        return response.status
