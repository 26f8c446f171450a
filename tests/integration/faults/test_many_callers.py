"""A thousand callers of one project are served in the order of asking, and no more wait (N3)."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from runtime.adapters.redis_leases.opening import open_leases
from runtime.domain.errors import LeaseBusyError
from runtime.kit.clock import SystemClock
from runtime.ports.leases import hold
from runtime.services.execution.line import LONGEST_LINE
from tests.execution import World
from tests.integration.faults.calls import Calls
from tests.integration.faults.history import judged, stored_history
from tests.integration.faults.load import under_load
from tests.integration.faults.site import Site, Tenant

TOO_MANY = 100
MOST_GROWTH_KB = 120_000


async def join(world: World) -> int:
    """Move the counter once through the line, and return the version that it made."""
    executed = await world.lines.join(
        world.execution(),
        project_id=world.project_id,
        standing=world.standing,
        patience_s=30,
    )
    return executed.version


async def test_who_asked_first_is_served_first_and_the_line_has_an_end(world: World) -> None:
    """The versions are in the order of asking; one caller more is turned away at once."""
    answered = list[int]()
    key = f"{world.caller.organization_id}:{world.project_id}"
    async with asyncio.TaskGroup() as group, hold(world.leases, key, wait_s=1):
        tasks = [group.create_task(join(world)) for _ in range(LONGEST_LINE)]
        for task in tasks:
            task.add_done_callback(lambda done: answered.append(done.result()))
        await asyncio.sleep(0)
        with pytest.raises(LeaseBusyError) as turned_away:
            await join(world)

    assert [task.result() for task in tasks] == list(range(1, LONGEST_LINE + 1))
    assert answered == list(range(1, LONGEST_LINE + 1))
    assert turned_away.value.position == LONGEST_LINE


async def test_callers_beyond_the_line_are_told_to_come_back(site: Site, tenant: Tenant) -> None:
    """429 with Retry-After for each of them; memory is bounded; the others are all served."""
    project = await site.project(tenant)
    server = site.servers[0]
    leases = open_leases([site.redis.url], instance="test", clock=SystemClock())
    async with (
        site.calls(tenant.token) as calls,
        asyncio.TaskGroup() as group,
        hold(leases, f"{tenant.id}:{project}", wait_s=5),
    ):
        before_kb = resident_kb(server.pid)
        tasks = [
            group.create_task(calls.execute(project, at=0)) for _ in range(LONGEST_LINE + TOO_MANY)
        ]
        await turned_away(calls, TOO_MANY)
        grown_kb = resident_kb(server.pid) - before_kb
    await leases.close()

    answers = [answer for task in tasks if (answer := task.result()) is not None]
    statuses = Counter(answer.status for answer in answers)
    assert statuses == {200: LONGEST_LINE, 429: TOO_MANY}
    assert {answer.headers["retry-after"] for answer in answers if answer.status == 429} == {"1"}
    assert grown_kb < MOST_GROWTH_KB
    assert (await stored_history(site.urls, project)).head_version == LONGEST_LINE


async def test_two_replicas_that_contend_share_fairly(site: Site, tenant: Tenant) -> None:
    """Neither is served less than half as much as the other, and no caller waits for long."""
    project = await site.project(tenant)
    async with site.calls(tenant.token) as calls:
        async with under_load(calls, [project], clients=32) as load:
            await asyncio.sleep(3.0)  # the load itself, not a wait for anything
        found = await judged(site.urls, calls, project, load.acts[project])
    served = Counter(int(act.key.split("-")[1]) % len(site.servers) for act in load.acts[project])

    assert found == []
    assert len(served) == len(site.servers)
    assert min(served.values()) >= 0.5 * max(served.values())
    assert calls.longest_s < 3


async def turned_away(calls: Calls, number: int) -> None:
    """Return when so many were answered that the line is full."""
    async with asyncio.timeout(30):
        while calls.codes.get("lease_busy", 0) < number:
            await calls.heard.wait()
            calls.heard.clear()


def resident_kb(pid: int) -> int:
    """Return how much memory a process of ours occupies."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
