"""Each threshold of a budget of models is an event once a day, in the commit that charges it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta

import pytest_asyncio

from runtime.kit.canonical_json import parse
from runtime.services.models.spending import Spending
from runtime.store.session import Database
from tests.model_world import World, a_world
from tests.models.scripted import ScriptedModel, calling
from tests.unit.runtime.services.models.test_asking import Hanging

GOOD = calling("counter_set", value=3)
"""An answer that takes 13 tokens and costs 10."""


@pytest_asyncio.fixture
async def world(database: Database) -> AsyncIterator[World]:
    """Make a project whose model answers any number of questions."""
    async with AsyncExitStack() as stack:
        yield await a_world(database, stack, {"test/own": ScriptedModel.of(*[GOOD] * 30)})


async def told(world: World) -> list[tuple[str, str, int, int]]:
    """Return scope, measure, percent and limit of each event, in the order of these."""
    found = await world.rows("select document from events where type = 'model.budget_threshold'")
    documents = [parse(row.document) for row in found]
    return sorted((it["scope"], it["measure"], it["percent"], it["limit"]) for it in documents)


async def test_each_threshold_is_told_once(world: World) -> None:
    """As answers are charged, one after the other, and of each budget apart."""
    await world.say(daily_cost_micros=100)
    await world.say_of_project(member_daily_cost_micros=200)

    for _ in range(10):
        await world.ask()

    events = await told(world)
    whole = [("organization", "cost_micros", at, 100) for at in (50, 80, 90, 100)]
    assert events == [("member", "cost_micros", 50, 200), *whole]


async def test_answers_that_are_charged_at_once_tell_each_threshold_once(world: World) -> None:
    """Who waits for the tallies finds what was told of in them."""
    await world.say(daily_cost_micros=100)

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(world.ask())

    assert await told(world) == [
        ("organization", "cost_micros", at, 100) for at in (50, 80, 90, 100)
    ]


async def test_a_day_has_thresholds_of_its_own(world: World) -> None:
    """And a limit that was changed is told of anew."""
    await world.say(daily_cost_micros=20)
    await world.ask()
    world.clock.advance(timedelta(days=1))
    await world.ask()
    await world.say(daily_cost_micros=40)
    await world.ask()

    assert [(at, limit) for _, _, at, limit in await told(world)] == [
        (50, 20),
        (50, 20),
        (50, 40),
    ]


async def test_what_is_charged_later_tells_of_thresholds_as_well(database: Database) -> None:
    """What nobody settled counts when it is charged in full."""
    hanging = Hanging()
    async with AsyncExitStack() as stack:
        world = await a_world(database, stack, {"test/own": hanging})
        waiting = asyncio.create_task(world.ask())
        await hanging.waited_for.wait()
        await world.say(daily_tokens=1)
        world.clock.advance(timedelta(minutes=10))

        await Spending(database=database, ids=world.tenant.tenancy.ids).tidy(world.tenant.id)

        assert [at for _, _, at, _ in await told(world)] == [50, 80, 90, 100]
        waiting.cancel()
        await asyncio.wait([waiting])


async def test_no_event_is_there_without_its_charge(world: World) -> None:
    """Both are of one commit."""
    await world.say(daily_cost_micros=10)
    await world.ask()

    [row] = await world.rows(
        "select count(distinct position) as commits, count(*) as facts from (select position from "
        "events where type = 'model.budget_threshold' union all select position from "
        "audit_records where kind = 'model.asked') as all_of_them"
    )
    assert (row.commits, row.facts) == (1, 5)
