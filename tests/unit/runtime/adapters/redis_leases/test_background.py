"""Tasks that nobody waits for still end."""

from __future__ import annotations

import asyncio

from runtime.adapters.redis_leases.background import Background


async def test_drain_waits_for_what_is_under_way() -> None:
    """Work that was spawned is done when drain returns."""
    done: list[str] = []
    background = Background()

    async def work() -> None:
        await asyncio.sleep(0)
        done.append("work")

    background.spawn(work())
    await background.drain(5)
    await background.drain(5)

    assert done == ["work"]


async def test_drain_cancels_what_takes_too_long() -> None:
    """A task that never ends does not keep drain from returning."""
    background = Background()
    task = asyncio.create_task(asyncio.Event().wait())
    background.adopt(task)

    await background.drain(0.01)

    assert task.cancelled()


async def test_a_failure_that_comes_too_late_is_no_noise() -> None:
    """The exception of an adopted task counts as seen; the event loop does not report it."""
    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    background = Background()

    async def fail() -> None:
        raise ValueError("late")

    background.adopt(asyncio.create_task(fail()))
    await background.drain(5)

    assert reported == []
