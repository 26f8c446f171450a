"""Foreign code has an end, whether it keeps to it or not."""

import asyncio

import pytest

from runtime.ports.effect_failure import RetryableError
from runtime.services.jobs.bounded import Bounded, OverdueError


async def test_what_ends_in_time_is_returned() -> None:
    """A bound changes nothing of it."""

    async def work() -> int:
        return 7

    assert await Bounded().run(work(), within_s=5) == 7


async def test_what_it_raises_is_raised() -> None:
    """Also a time-out of its own, which is not ours."""

    async def work() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        await Bounded().run(work(), within_s=5)


async def test_what_takes_too_long_is_told_to_end() -> None:
    """It may tidy up, and is waited for while it does."""
    tidied = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            tidied.set()

    with pytest.raises(OverdueError):
        await Bounded().run(work(), within_s=0.01)

    assert tidied.is_set()


async def test_what_does_not_end_when_told_is_abandoned() -> None:
    """The job goes on without it; it is held until it ends, and told again at the close."""
    released = asyncio.Event()
    told = 0

    async def deaf() -> None:
        nonlocal told
        while not released.is_set():
            try:
                await released.wait()
            except asyncio.CancelledError:
                told += 1
        raise ValueError

    bounded = Bounded(grace_s=0.01)
    with pytest.raises(OverdueError):
        await bounded.run(deaf(), within_s=0.01)
    bounded.close()
    await asyncio.sleep(0)
    released.set()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert told == 2


async def test_code_that_cancels_itself_may_be_tried_again() -> None:
    """It is no word to us to end."""

    async def work() -> None:
        raise asyncio.CancelledError

    with pytest.raises(RetryableError):
        await Bounded().run(work(), within_s=5)


async def test_who_is_cancelled_ends_what_it_waits_for() -> None:
    """A job that nobody wants any more does not go on in the dark."""
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    running = asyncio.create_task(Bounded().run(work(), within_s=5))
    await begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert ended.is_set()
