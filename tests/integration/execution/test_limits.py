"""Limits hold across commits, and what is told of them is told in the same commit, once."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from sqlalchemy import text

from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.plan import Plan, Step
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.services.execution.plans import PlanRequest
from tests.execution import World, a_project, an_increment, document_of


def increments(count: int) -> Plan:
    """Build a plan of so many steps, of one unit each."""
    step = Step(action="counter.increment", inputs={"by": 1})
    return Plan(steps=(step,) * count)


async def reached(world: World) -> list[JsonObject]:
    """Return what was told of limits."""
    organization = world.caller.organization_id
    async with world.database.transaction(organization, read_only=True) as connection:
        found = await connection.execute(
            text("select document from events where type = 'limit.reached' order by document")
        )
        return [parse(row[0]) for row in found]


async def limited(world: World, limits: Limits) -> World:
    """Return the world of another project that has these limits."""
    project = await a_project(world.database, world.caller, limits=limits)
    return replace(world, project_id=project)


async def test_each_threshold_is_told_once(world: World) -> None:
    """By an event of the commit that reached it, with all that it takes to act on it."""
    project = await limited(world, Limits(budgets={BudgetScope.PROJECT: 10}))

    outcomes = [await project.execute(an_increment()) for _ in range(11)]

    told = await reached(project)
    assert outcomes[-1]["refusal"]["code"] == "budget_exceeded"
    assert sorted(item["percent"] for item in told) == [50, 80, 90, 100]
    assert {(item["scope"], item["subject"], item["measure"]) for item in told} == {
        ("project", project.project_id, "units_a_day")
    }
    assert {(item["percent"], item["used"], item["limit"]) for item in told} == {
        (50, 5, 10), (80, 8, 10), (90, 9, 10), (100, 10, 10),
    }  # fmt: skip


async def test_executions_that_commit_together_tell_each_threshold_once(world: World) -> None:
    """Fifty at once on a quota of ten: ten run, four events."""
    project = await limited(world, Limits(quotas={BudgetScope.PRINCIPAL: 10}))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(project.execute(an_increment())) for _ in range(50)]

    outcomes = [task.result() for task in tasks]
    told = await reached(project)
    assert [item["status"] for item in outcomes].count("done") == 10
    assert await project.counter() == 10
    assert sorted(item["percent"] for item in told) == [50, 80, 90, 100]
    assert {item["subject"] for item in told} == {project.caller.member_id}


async def test_two_replicas_share_a_quota(world: World) -> None:
    """It is counted where it is committed, not where it is asked for."""
    project = await limited(world, Limits(quotas={BudgetScope.PROJECT: 3}))
    other = await project.replica()

    statuses = [(await one.execute(an_increment()))["status"] for one in [project, other] * 2]

    assert sorted(statuses) == ["done", "done", "done", "refused"]


async def test_a_plan_that_does_not_fit_does_nothing(world: World) -> None:
    """It is refused as a whole, and its simulation says the very same (X6, D18)."""
    project = await limited(world, Limits(quotas={BudgetScope.PROJECT: 4}))
    await project.execute(increments(2))
    asked = PlanRequest(plan=increments(3))

    simulated = document_of(
        await project.plans.simulate(project.context, project.project_id, asked=asked)
    )
    executed = await project.execute(increments(3))

    assert await project.counter() == 2
    assert executed["steps"] == simulated["steps"]
    figures = executed["refusal"]["limit"]
    assert (figures["used"], figures["wanted"], figures["limit"]) == (2, 3, 4)
    assert figures["resets_at"].endswith("T00:00:00Z")
    assert [step["status"] for step in executed["steps"]] == [
        "refused", "not_reached", "not_reached",
    ]  # fmt: skip
