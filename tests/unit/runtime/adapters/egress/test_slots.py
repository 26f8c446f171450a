"""Tests of how many requests are under way."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from runtime.adapters.egress.slots import Slots


async def waits(slots: Slots, host: str) -> bool:
    """Return whether nobody gets a place of a host now."""
    try:
        async with asyncio.timeout(0.02), slots.held(host):
            return False
    except TimeoutError:
        return True


async def test_a_full_host_holds_up_nobody_else() -> None:
    """Whoever asks a slow host waits; whoever asks another does not."""
    slots = Slots(per_host=2, total=10)
    async with slots.held("slow"), slots.held("slow"):
        assert await waits(slots, "slow")
        assert not await waits(slots, "quick")

    assert not await waits(slots, "slow")


async def test_there_is_a_bound_in_all() -> None:
    """Many hosts at once are bounded too."""
    slots = Slots(per_host=2, total=2)
    async with slots.held("one"), slots.held("two"):
        assert await waits(slots, "three")


async def test_what_nobody_wants_is_forgotten() -> None:
    """A million hosts leave nothing behind, failures and cancellations included."""
    slots = Slots(per_host=1, total=1)
    async with AsyncExitStack() as held:
        await held.enter_async_context(slots.held("a"))
        assert await waits(slots, "a")
        assert slots.hosts == 1
    with pytest.raises(RuntimeError):
        async with slots.held("b"):
            raise RuntimeError

    assert slots.hosts == 0
