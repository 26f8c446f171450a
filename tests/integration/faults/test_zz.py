from __future__ import annotations
import asyncio
import pytest
from runtime.domain.errors import *
from tests.execution import World, an_increment

async def test_key_after_deadline(world: World) -> None:
    lease = await world.leases.acquire(f"{world.caller.organization_id}:{world.project_id}", wait_s=1)
    with pytest.raises(DeadlineError):
        await world.execute(an_increment(), key="k", patience_s=0.2)
    await world.leases.release(lease)
    async with asyncio.timeout(5):
        out = await world.execute(an_increment(), key="k")
    assert out["status"] == "done"

async def test_key_after_cancel(world: World) -> None:
    lease = await world.leases.acquire(f"{world.caller.organization_id}:{world.project_id}", wait_s=1)
    first = asyncio.create_task(world.execute(an_increment(), key="k"))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(world.execute(an_increment(), key="k"))
    await asyncio.sleep(0.05)
    first.cancel()
    await asyncio.sleep(0.05)
    await world.leases.release(lease)
    async with asyncio.timeout(5):
        out = await second
    assert out["status"] == "done"

async def test_short_first(world: World) -> None:
    lease = await world.leases.acquire(f"{world.caller.organization_id}:{world.project_id}", wait_s=1)
    first = asyncio.create_task(world.execute(an_increment(), key="k", patience_s=0.3))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(world.execute(an_increment(), key="k"))
    with pytest.raises(DeadlineError):
        await first
    await world.leases.release(lease)
    async with asyncio.timeout(5):
        out = await second
    assert out["status"] == "done"
