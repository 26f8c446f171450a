"""What is waited for and what goes wrong between replicas can be seen in the figures of the app."""

from __future__ import annotations

import asyncio
import re

from redis.asyncio import Redis

from runtime.adapters.redis_leases.scripts import names
from tests.api.execution.conftest import Api, an_api, increment
from tests.database import FreshDatabase, session

SHORT_TTL_S = 2.0
WITHIN_S = 10.0


async def test_waits_and_the_fates_of_leases_are_counted(
    database: FreshDatabase, redis_url: str
) -> None:
    """A lease that is acquired, a commit behind a later holder's, a lease that Redis forgot."""
    async with an_api(database, redis_url, lease_ttl_s=SHORT_TTL_S) as api:
        organization = (await api.call("GET", "/v1/me")).json["organization"]["id"]
        before = await figures(api)
        executed = [await api.execute(increment())]
        first = await figures(api)

        async with session(database.urls.superuser_url) as superuser:
            await superuser.execute("update heads set fence = fence + 100")
        executed.append(await api.execute(increment()))
        overtaken = await figures(api)

        async with Redis.from_url(redis_url) as redis:
            assert await redis.delete(names(f"{organization}:{api.project}")[0]) == 1
        await until_lost(api)

    assert [answer.status for answer in executed] == [200, 200], executed[-1].body
    assert gained(before, first) == {
        "lease_events_total acquired": 1,
        "lease_wait_seconds_count": 1,
    }
    assert gained(first, overtaken) == {
        "fence_rejections_total": 1,
        "lease_events_total acquired": 1,
        "lease_events_total released": 1,
        "lease_wait_seconds_count": 1,
    }
    for pool in ("direct", "general"):
        waits = f"pool_wait_seconds_count {pool}"
        assert overtaken[waits] > before[waits]


async def figures(api: Api) -> dict[str, float]:
    """Read the figures of leases, fences and pools, each by its name and label."""
    shown = await api.call("GET", "/v1/metrics")
    found = re.findall(
        r'^plangate_((?:lease|fence|pool)\w+_(?:total|count))(?:{\w+="(\w+)"})? (\S+)$',
        shown.body.decode(),
        re.MULTILINE,
    )
    return {f"{name} {label}".strip(): float(value) for name, label, value in found}


def gained(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """Return by how much figures grew, but for those of pools."""
    return {
        name: value - before[name]
        for name, value in after.items()
        if value > before[name] and not name.startswith("pool")
    }


async def until_lost(api: Api) -> None:
    """Return once a lost lease is counted, which its next renewal finds out."""
    async with asyncio.timeout(WITHIN_S):
        while not (await figures(api))["lease_events_total lost"]:  # noqa: ASYNC110  # as scraped
            await asyncio.sleep(0.02)
