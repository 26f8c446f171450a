"""Without Redis nobody gets a new lease, and that is all: no second writer, nothing lost (N2)."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.faults.calls import Calls
from tests.integration.faults.history import judged
from tests.integration.faults.load import under_load
from tests.integration.faults.redis_faults import FORGETFUL, UNAVAILABLE, Fault
from tests.integration.faults.site import Site, Tenant

RECOVERED_WITHIN_S = 30.0
SIMULATED = {"plan": {"steps": [{"action": "counter.set", "inputs": {"value": 3}}]}}


@pytest.mark.parametrize(("fault", "repair"), UNAVAILABLE.values(), ids=UNAVAILABLE.keys())
async def test_without_leases_executions_are_refused_and_the_rest_goes_on(
    site: Site, tenant: Tenant, fault: Fault, repair: Fault
) -> None:
    """Fail closed: 503, at once, with a hint to retry; reads and simulations work; it recovers."""
    busy, idle = [await site.project(tenant, name) for name in ("busy", "idle")]
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, [busy], clients=6) as load:
            await load.more(20)
            await fault(site.redis)
            await _is_refused(calls, idle)
            await _can_be_read(calls, idle)
            await repair(site.redis)
            recovered_s = await _recovery_s(calls, idle)
            await load.more(20)
        found = await judged(site.urls, calls, busy, load.acts[busy])

    assert found == []
    assert recovered_s < RECOVERED_WITHIN_S
    assert set(calls.codes) <= {"lease_unavailable", "lease_busy", "deadline_passed"}
    assert calls.longest_s < 13


@pytest.mark.parametrize("fault", FORGETFUL.values(), ids=FORGETFUL.keys())
async def test_a_redis_that_forgot_makes_no_second_writer(
    site: Site, tenant: Tenant, fault: Fault
) -> None:
    """Tokens go on above those that storage has seen; the first holder's commits are refused."""
    project = await site.project(tenant)
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, [project], clients=8) as load:
            for _ in range(3):
                await load.more(40)
                await fault(site.redis)
            await load.more(40)
        found = await judged(site.urls, calls, project, load.acts[project])

    assert found == []
    assert set(calls.codes) <= {"lease_unavailable"}


async def test_a_holder_that_was_forgotten_does_not_judge_by_what_it_remembers(
    site: Site, tenant: Tenant
) -> None:
    """A version that another replica made is known here, even to a refusal that writes nothing."""
    project = await site.project(tenant)
    async with site.calls(tenant.token) as calls:
        await calls.act(project, key="a", at=0)
        await FORGETFUL["flushed"](site.redis)
        newest = await calls.act(project, key="b", at=1)
        expects = {"If-Match": f'"{newest.version}"'}
        answer = await calls.execute(project, at=0, headers=expects)

    assert answer is not None
    assert answer.status == 200, answer.document


async def _is_refused(calls: Calls, project: str) -> None:
    """Every replica says so, fast enough for a client to care."""
    for number in range(len(calls.urls)):
        answer = await calls.execute(project, at=number)
        assert answer is not None
        assert (answer.status, answer.code) == (503, "lease_unavailable")
        assert answer.headers["retry-after"] == "1"
        assert answer.took_s < 8


async def _can_be_read(calls: Calls, project: str) -> None:
    place = f"/v1/projects/{project}"
    assert (await calls.must("GET", f"{place}/state"))["version"] == 0
    assert (await calls.must("GET", f"{place}/state:verify"))["versions"] == 1
    assert (await calls.must("POST", f"{place}/plans:simulate", SIMULATED))["status"] == "done"
    async with asyncio.timeout(5):
        readiness = await calls.until_ready(status=503)
    up = {name: found["status"] for name, found in readiness["dependencies"].items()}
    assert up == {
        "database": "up",
        "redis": "down",
        "rates": "down",
        "rules": "up",
        "secrets": "up",
    }


async def _recovery_s(calls: Calls, project: str) -> float:
    """Return how long it takes until every replica executes again."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    for number in range(len(calls.urls)):
        await calls.act(project, key=f"recovered-{number}", at=number)
    return loop.time() - began_s
