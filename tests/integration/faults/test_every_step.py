"""A process that dies or sleeps at any step of an execution does no harm (N1, M4, M5)."""

from __future__ import annotations

import asyncio
import signal
from dataclasses import dataclass, replace

from runtime.services.execution.plans import PlanRequest
from tests.database import FreshDatabase
from tests.execution import World, a_key, a_project, an_increment
from tests.integration.faults.history import stored_history
from tests.integration.faults.postgres_faults import blocked, locked_heads
from tests.integration.faults.stepped import TTL_S, Place, Stepped, stepped

ACTED = {Place.WRITTEN, Place.ANSWERED}
"""Steps at which the execution is stored already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Hold what a repetition with the same key was answered, and what is stored."""

    replayed: bool
    counter: int
    outcomes: int


async def a_place(world: World, database: FreshDatabase) -> World:
    """Give a project of its own, in the same organization."""
    return replace(world, project_id=await a_project(database, world.caller))


async def repeated(place: World, database: FreshDatabase) -> Told:
    """Repeat the execution with its key, in this process."""
    context = replace(place.context, key=a_key(place.project_id))
    asked = PlanRequest(plan=an_increment())
    executed = await place.plans.execute(context, place.project_id, asked=asked)
    history = await stored_history(database.urls, place.project_id)
    return Told(replayed=executed.replayed, counter=history.value, outcomes=len(history.outcomes))


async def killed_at(steps: Stepped, at: Place, world: World, database: FreshDatabase) -> Told:
    """Let a process kill itself at a step, and repeat what it was asked for."""
    place = await a_place(world, database)
    urls = (database.app_url, world.redis_url)
    walk = await steps.begin(place, urls=urls, at=at, number=signal.SIGKILL)
    await walk.halted()
    return await repeated(place, database)


async def test_a_kill_at_any_step_loses_nothing_and_doubles_nothing(
    world: World, database: FreshDatabase
) -> None:
    """Whoever repeats the key finds it done, or does it: once in all, wherever the process died."""
    async with stepped() as steps, asyncio.TaskGroup() as group:
        tasks = {at: group.create_task(killed_at(steps, at, world, database)) for at in Place}

    assert {at: task.result() for at, task in tasks.items()} == {
        at: Told(replayed=at in ACTED, counter=1, outcomes=1) for at in Place
    }


async def test_a_kill_while_the_commit_is_under_way_leaves_it_done_once(
    world: World, database: FreshDatabase
) -> None:
    """The server goes on without its client; the repetition learns that, and does not act again."""
    place = await a_place(world, database)
    urls = (database.app_url, world.redis_url)
    async with stepped() as steps:
        async with locked_heads(database.urls, place.project_id):
            walk = await steps.begin(place, urls=urls, at=None, number=signal.SIGKILL)
            await blocked(database.urls, statements=1)
            walk.send(signal.SIGKILL)
            await walk.halted()
        told = await repeated(place, database)

    assert told == Told(replayed=True, counter=1, outcomes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Woken:
    """Hold what became of an execution whose process slept in it.

    Attributes:
        last: its outcome is the newest one.
        once: it is stored once, among exactly those that others executed meanwhile.
        in_order: no commit has a smaller token than the one before.
    """

    last: bool
    once: bool
    in_order: bool


async def stopped_at(steps: Stepped, at: Place, world: World, database: FreshDatabase) -> Woken:
    """Let a process stop at a step for three lease times, while another one executes."""
    place = await a_place(world, database)
    loop = asyncio.get_running_loop()
    urls = (database.app_url, world.redis_url)
    walk = await steps.begin(place, urls=urls, at=at, number=signal.SIGSTOP)
    await walk.halted()
    wakes_s, others = loop.time() + 3 * TTL_S, 0
    while loop.time() < wakes_s:
        await place.execute(an_increment())
        others += 1
        await asyncio.sleep(0.05)
    walk.send(signal.SIGCONT)
    async with asyncio.timeout(20):
        told = await walk.told
    history = await stored_history(database.urls, place.project_id)
    fences = [item.fence for item in history.outcomes]
    ids = [item.id for item in history.outcomes]
    return Woken(
        last=ids[-1] == told.get("id"),
        once=ids.count(told.get("id", "")) == 1 and len(ids) == history.value == others + 1,
        in_order=fences == sorted(fences),
    )


async def test_a_process_that_sleeps_at_any_step_writes_nothing_stale(
    world: World, database: FreshDatabase
) -> None:
    """It wakes after three lease times: what it had not stored is judged anew, on what stands."""
    async with stepped() as steps, asyncio.TaskGroup() as group:
        tasks = {at: group.create_task(stopped_at(steps, at, world, database)) for at in Place}

    assert {at: task.result() for at, task in tasks.items()} == {
        at: Woken(last=at not in ACTED, once=True, in_order=True) for at in Place
    }
