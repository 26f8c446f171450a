"""Whoever repeats a request that still stands in line gets its answer, or takes its place (A11)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from runtime.domain.errors import DeadlineError
from runtime.ports.leases import hold
from runtime.services.execution.changes import Executed
from tests.execution import World, a_key

LONG_S = 5.0


@asynccontextmanager
async def held_up(world: World) -> AsyncIterator[None]:
    """Let nobody have the project while the block runs."""
    key = f"{world.caller.organization_id}:{world.project_id}"
    async with hold(world.leases, key, wait_s=1):
        yield


async def join(world: World, *, patience_s: float = LONG_S) -> Executed:
    """Stand in line with a request under one key; each time with an outcome's id of its own."""
    return await world.lines.join(
        world.execution(key=a_key("k")),
        project_id=world.project_id,
        standing=world.standing,
        patience_s=patience_s,
    )


async def test_a_repetition_waits_for_the_answer_of_the_first(world: World) -> None:
    """One effect, one document; the second and the third are told that they repeat."""
    async with asyncio.TaskGroup() as group, held_up(world):
        tasks = [group.create_task(join(world)) for _ in range(3)]
        await asyncio.sleep(0)

    answers = [task.result() for task in tasks]
    assert len({answer.document for answer in answers}) == 1
    assert [answer.replayed for answer in answers] == [False, True, True]
    assert await world.counter() == 1


async def test_a_key_whose_turn_did_not_come_can_be_sent_again(world: World) -> None:
    """The first gave up in line; the same key then acts, as if it had never been sent."""
    async with held_up(world):
        with pytest.raises(DeadlineError):
            await join(world, patience_s=0.05)

    executed = await join(world)

    assert not executed.replayed
    assert await world.counter() == 1


async def test_a_patient_repetition_outlasts_an_impatient_first(world: World) -> None:
    """When the first gives up, who repeats it takes its place in line, with its own patience."""
    async with asyncio.TaskGroup() as group, held_up(world):
        first = asyncio.create_task(join(world, patience_s=0.05))
        await asyncio.sleep(0)
        second = group.create_task(join(world))
        with pytest.raises(DeadlineError):
            await first

    assert not second.result().replayed
    assert await world.counter() == 1


async def test_a_repetition_survives_a_first_whose_client_left(world: World) -> None:
    """A client that hung up and sent the same again is answered by the second request."""
    async with asyncio.TaskGroup() as group, held_up(world):
        first = asyncio.create_task(join(world))
        await asyncio.sleep(0)
        second = group.create_task(join(world))
        await asyncio.sleep(0)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first

    assert not second.result().replayed
    assert await world.counter() == 1
