"""Leases are given back: by every idle line, and to who wants one, whatever went wrong before."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from redis.asyncio import Redis
from typing_extensions import override

from runtime.adapters.redis_leases.scripts import names
from runtime.domain.errors import NotFoundError
from runtime.kit.clock import FixedClock
from runtime.ports.leases import Lease, Leases
from tests.execution import World, a_project, an_increment, opened

WITHIN_S = 10.0
LINGER_S = 0.04
NEVER_S = 3_600.0


class StubbornLeases(Leases):
    """Give another one's leases, and fail to give the lease on one key back.

    Attributes:
        failed: set once that was tried.
        released: set once any other lease was given back.
    """

    def __init__(self, leases: Leases, *, key: str) -> None:
        self.failed = asyncio.Event()
        self.released = asyncio.Event()
        self._leases = leases
        self._key = key

    @override
    async def acquire(self, key: str, *, wait_s: float, floor: int = 0) -> Lease:
        return await self._leases.acquire(key, wait_s=wait_s, floor=floor)

    @override
    async def release(self, lease: Lease) -> None:
        await self._leases.release(lease)
        if lease.key == self._key:
            self.failed.set()
            raise RuntimeError("as told")
        self.released.set()

    @override
    async def ready(self) -> None:
        await self._leases.ready()

    @override
    async def close(self) -> None:
        """Whoever opened them closes them."""


def lease_key(world: World, project_id: str) -> str:
    """Return what the lease on a project is on."""
    return f"{world.caller.organization_id}:{project_id}"


async def until_queued(world: World, key: str, number: int) -> None:
    """Return when so many processes wait for a key in Redis."""
    async with Redis.from_url(world.redis_url) as client, asyncio.timeout(WITHIN_S):
        while await client.zcard(names(key)[2]) != number:  # noqa: ASYNC110  # Redis tells nobody
            await asyncio.sleep(0.005)


async def test_a_lease_that_can_not_be_given_back_keeps_no_other(world: World) -> None:
    """Of two lines that became idle, the second is tidied up although the first one fails."""
    clock = FixedClock(world.ids.now())
    leases = StubbornLeases(world.leases, key=lease_key(world, world.project_id))
    first = await opened(
        world.stack,
        world.database,
        world.redis_url,
        caller=world.caller,
        project_id=world.project_id,
        linger_s=LINGER_S,
        clock=clock,
        leases=leases,
    )
    second = replace(first, project_id=await a_project(world.database, world.caller))
    for place in (first, second):
        await place.execute(an_increment())
    early = (leases.failed.is_set(), leases.released.is_set())

    clock.advance(timedelta(seconds=LINGER_S))
    async with asyncio.timeout(WITHIN_S):
        await leases.released.wait()

    assert early == (False, False)
    assert leases.failed.is_set()


async def test_who_wants_a_lease_gets_it_from_a_line_that_failed(world: World) -> None:
    """A project that is not there any more is an error to who stood in line, not to who is next."""
    place, other = await world.replica(linger_s=NEVER_S), await world.replica()
    gone = world.ids.new("prj")
    key = lease_key(world, gone)
    held = await world.leases.acquire(key, wait_s=1)
    failing = asyncio.create_task(
        place.lines.join(
            world.execution(), project_id=gone, standing=world.standing, patience_s=WITHIN_S
        )
    )
    await until_queued(world, key, 1)
    wanting = asyncio.create_task(other.leases.acquire(key, wait_s=WITHIN_S))
    await until_queued(world, key, 2)

    await world.leases.release(held)
    with pytest.raises(NotFoundError):
        await failing
    lease = await wanting
    await other.leases.release(lease)

    assert lease.token > held.token
