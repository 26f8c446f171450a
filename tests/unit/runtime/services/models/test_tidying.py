"""What processes left open is charged in the end, whatever became of the tallies meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from asyncpg.exceptions import CheckViolationError

from runtime.store.model_spends import forget_spends
from tests.model_world import NewWorld, World
from tests.models.scripted import ScriptedModel, calling
from tests.unit.runtime.services.models.test_asking import Hanging

GOOD = calling("counter_set", value=3)
LONG = timedelta(days=70)


async def left_open(world: World, hanging: Hanging, turn: str) -> asyncio.Task[object]:
    """Ask a model that hangs, and return who waits for it."""
    hanging.waited_for.clear()
    waiting: asyncio.Task[object] = asyncio.create_task(world.ask(turn))
    await hanging.waited_for.wait()
    return waiting


async def ended(*waiting: asyncio.Task[object]) -> None:
    """Give up waiting."""
    for task in waiting:
        task.cancel()
        with suppress(asyncio.CancelledError, CheckViolationError):
            await task


async def test_a_tally_stays_while_something_is_open_that_rests_on_it(
    new_world: NewWorld,
) -> None:
    """However old it is; it goes once that is settled."""
    hanging = Hanging()
    world = await new_world({"test/own": hanging})
    waiting = await left_open(world, hanging, "trn_open")
    old = world.clock.now() + LONG

    async def forget() -> int:
        async with world.database.transaction(world.tenant.id) as connection:
            await forget_spends(connection, before=old, day=old.date().isoformat(), limit=100)
        return len(await world.rows("select subject from model_tallies"))

    while_open = await forget()
    await ended(waiting)
    await world.asking.close()
    afterwards = await forget()

    assert while_open > 0
    assert afterwards == 0


async def test_what_can_not_be_charged_is_in_nobodys_way(new_world: NewWorld) -> None:
    """The next one is charged all the same, and it is told that one was not."""
    hanging = Hanging()
    world = await new_world({"test/a": hanging, "test/own": ScriptedModel.of(GOOD)})
    await world.say(models=["test/a"])
    first = await left_open(world, hanging, "trn_first")
    async with world.database.transaction(world.tenant.id) as connection:
        await connection.exec_driver_sql("update model_tallies set reserved_tokens = 0")
    world.clock.advance(timedelta(days=1))
    second = await left_open(world, hanging, "trn_second")
    await world.say(models=["test/own"])
    world.clock.advance(timedelta(minutes=10))

    await world.ask()
    await world.asking.close()

    found = await world.rows("select turn_id, status from model_spends order by turn_id")
    statuses = {row.turn_id: row.status for row in found}
    assert (statuses["trn_first"], statuses["trn_second"]) == ("open", "lapsed")
    assert world.heard.failures == ["tidy: CheckViolationError"]
    await ended(first, second)
