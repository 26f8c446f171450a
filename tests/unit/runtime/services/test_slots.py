"""Places are few, one an organization, and given back once."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.errors import ExportsBusyError
from runtime.services.slots import Slots


async def test_a_place_that_is_given_back_goes_to_who_waits() -> None:
    """In the order in which they came."""
    slots = Slots(most=1, wait_s=20)
    leave = await slots.taken("a")
    second = asyncio.create_task(slots.taken("b"))
    third = asyncio.create_task(slots.taken("c"))
    await asyncio.sleep(0)

    leave()
    leave()  # again: that gives nothing back
    leave_second = await second

    assert not third.done()
    leave_second()
    (await third)()
    (await slots.taken("a"))()


async def test_an_organization_has_one_place_even_while_it_waits() -> None:
    """However many there are."""
    slots = Slots(most=2, wait_s=20)
    leave = await slots.taken("a")

    with pytest.raises(ExportsBusyError, match="of this organization"):
        await slots.taken("a")

    leave()
    (await slots.taken("a"))()


async def test_who_waits_too_long_may_try_again() -> None:
    """They are told, and hold nothing."""
    slots = Slots(most=1, wait_s=0.01)
    leave = await slots.taken("a")

    for _ in range(2):
        with pytest.raises(ExportsBusyError, match="as many as may"):
            await slots.taken("b")

    leave()
    (await slots.taken("b"))()


async def test_who_gives_up_waiting_holds_nothing() -> None:
    """As when the server stops."""
    slots = Slots(most=1, wait_s=20)
    leave = await slots.taken("a")
    waiting = asyncio.create_task(slots.taken("b"))
    await asyncio.sleep(0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    leave()
    (await slots.taken("b"))()
