"""Few strangers are looked up at once, and few wait for it."""

from __future__ import annotations

import asyncio

import pytest

from runtime.domain.errors import AuthenticationBusyError
from runtime.services.identity.narrow_door import NarrowDoor


async def test_so_many_are_inside_and_so_many_wait() -> None:
    """The next one is told so at once."""
    door, opened, inside = NarrowDoor(at_once=2, most_waiting=3, wait_s=20), asyncio.Event(), 0

    async def enter() -> None:
        nonlocal inside
        async with door.passed():
            inside += 1
            await opened.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(enter())
        await asyncio.sleep(0)
        assert inside == 2
        with pytest.raises(AuthenticationBusyError):
            await enter()
        opened.set()

    assert inside == 5


async def test_who_waits_too_long_is_told_and_leaves() -> None:
    """The place in the queue is free again, and so is the door in the end."""
    door = NarrowDoor(at_once=1, most_waiting=1, wait_s=0.01)

    async with door.passed():
        for _ in range(3):
            with pytest.raises(AuthenticationBusyError):
                async with door.passed():
                    raise AssertionError
    async with door.passed():
        pass


async def test_a_lookup_that_fails_leaves_the_door_free() -> None:
    """The error is its own."""
    door = NarrowDoor(at_once=1)

    for _ in range(3):
        with pytest.raises(RuntimeError):
            async with door.passed():
                raise RuntimeError
