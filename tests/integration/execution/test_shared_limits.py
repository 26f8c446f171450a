"""Budgets of an organization hold across its projects and processes, to the last unit."""

from __future__ import annotations

import asyncio

from runtime.domain.limits import BudgetScope
from runtime.domain.plan import Plan, Step
from runtime.domain.shared_limits import BudgetMeasure, BudgetSpan
from runtime.kit.canonical_json import canonical_text
from runtime.services.execution.plans import PlanRequest
from tests.execution import World, an_increment, document_of
from tests.shared_limits import (
    a_budget,
    another_project,
    counters,
    set_limits,
    statuses,
    told_of_limits,
)

ORGANIZATION = "units_a_day:organization:"


def increments(count: int) -> Plan:
    """Build a plan of so many steps, of one unit each."""
    step = Step(action="counter.increment", inputs={"by": 1})
    return Plan(steps=(step,) * count)


async def test_projects_share_a_budget(world: World) -> None:
    """What one used, another has no more, in whichever process."""
    other = await another_project(world)
    elsewhere = await other.replica()
    await set_limits(world, a_budget(5))

    outcomes = [
        await place.execute(an_increment()) for place in (world, other, elsewhere) for _ in range(2)
    ]

    assert statuses(outcomes) == ["done"] * 5 + ["refused"]
    assert await counters(world) == {ORGANIZATION: 5}
    refusal = outcomes[-1]["refusal"]
    assert (refusal["guard"], refusal["code"]) == ("within_shared_budget", "budget_exceeded")
    assert {**refusal["limit"], "resets_at": None} == {
        "scope": "organization",
        "subject": None,
        "measure": "units_a_day",
        "limit": 5,
        "used": 5,
        "wanted": 1,
        "resets_at": None,
    }


async def test_each_threshold_of_a_shared_budget_is_told_once(world: World) -> None:
    """By an event of the commit that reached it, whichever project's, spelled as all events are."""
    other = await another_project(world)
    await set_limits(world, a_budget(10))

    for place in (world, other) * 6:
        await place.execute(an_increment())

    told = await told_of_limits(world)
    assert [(item["percent"], item["used"], item["limit"]) for item in told] == [
        (50, 5, 10), (80, 8, 10), (90, 9, 10), (100, 10, 10),
    ]  # fmt: skip
    assert {(item["scope"], item["subject"], item["measure"]) for item in told} == {
        ("organization", world.caller.organization_id, "units_a_day")
    }
    assert {item["project"] for item in told} == {world.project_id, other.project_id}
    assert all(item["period"] == told[0]["period"] for item in told)


async def test_processes_that_commit_at_once_pass_no_budget(world: World) -> None:
    """Sixty at once from two processes and four projects on ten units: ten run, each once."""
    places = [world, *[await another_project(world) for _ in range(3)]]
    places += [await place.replica() for place in places]
    await set_limits(world, a_budget(10))

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(places[number % 8].execute(an_increment())) for number in range(60)
        ]

    outcomes = [task.result() for task in tasks]
    assert statuses(outcomes).count("done") == 10
    assert statuses(outcomes).count("refused") == 50
    assert await counters(world) == {ORGANIZATION: 10}
    told = await told_of_limits(world)
    assert sorted(item["percent"] for item in told) == [50, 80, 90, 100]


async def test_a_simulation_sees_what_other_projects_used(world: World) -> None:
    """It says the very same as the execution, and charges nothing (D18)."""
    other = await another_project(world)
    await set_limits(world, a_budget(4, scope=BudgetScope.PRINCIPAL))
    await other.execute(increments(2))
    asked = PlanRequest(plan=increments(3))

    simulated = document_of(
        await world.plans.simulate(world.context, world.project_id, asked=asked)
    )
    executed = await world.execute(increments(3))

    assert simulated["steps"] == executed["steps"]
    assert (executed["refusal"]["limit"]["used"], executed["refusal"]["limit"]["wanted"]) == (2, 3)
    assert await counters(world) == {f"units_a_day:principal:{world.caller.member_id}": 2}


async def test_what_was_refused_or_rolled_back_charges_nothing(world: World) -> None:
    """An atomic plan whose second step fails leaves every counter where it was."""
    await set_limits(world, a_budget(9), a_budget(9, measure=BudgetMeasure.ACTIONS))
    steps = (
        Step(action="counter.increment", inputs={"by": 1}),
        Step(action="counter.increment", inputs={"by": -9}),
    )

    rolled_back = await world.execute(Plan(steps=steps), atomic=True)
    refused = await world.execute(increments(5), expects=None)
    more = await world.execute(increments(5))

    assert rolled_back["status"] == "failed"
    assert statuses([refused, more]) == ["done", "refused"]
    assert await counters(world) == {ORGANIZATION: 5, "actions_a_day:organization:": 5}


async def test_limits_that_change_hold_from_then_on(world: World) -> None:
    """An execution on a head that is remembered is judged anew by them, upwards and downwards."""
    await set_limits(world, a_budget(1))
    first = [await world.execute(an_increment()) for _ in range(2)]

    await set_limits(world, a_budget(2))
    second = [await world.execute(an_increment()) for _ in range(2)]
    await set_limits(world)
    third = await world.execute(an_increment())

    assert statuses(first) == ["done", "refused"]
    assert statuses(second) == ["done", "refused"]
    assert third["status"] == "done"
    assert await counters(world) == {ORGANIZATION: 2}


async def test_an_outcome_names_no_counter_but_the_one_that_refused(world: World) -> None:
    """Nothing of other projects is told beyond how much of the shared budget is used."""
    other = await another_project(world)
    await set_limits(world, a_budget(1), a_budget(1, per=BudgetSpan.MONTH))
    await other.execute(an_increment())

    refused = await world.execute(an_increment())

    assert other.project_id not in canonical_text(refused)
