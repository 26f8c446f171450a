"""Try to overspend: very many plans at once, from eight processes, at the edge of nested budgets.

`PLANGATE_STORM=100000` asks for more plans than the goal names.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from random import Random
from typing import Final

import pytest
from sqlalchemy import text

from runtime.domain.errors import LeaseBusyError
from runtime.domain.limits import BudgetScope
from runtime.domain.plan import Plan, Step
from runtime.domain.principal import Principal
from runtime.domain.shared_limits import Budget, BudgetMeasure, BudgetSpan
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject
from runtime.store.organization_limits import add_limits
from runtime.store.projects import outdate_judgements
from tests.execution import World, document_of
from tests.priced import MICROS, TOKENS
from tests.shared_limits import (
    a_budget,
    another_project,
    counters,
    set_limits,
    shared_limits,
    told_of_limits,
)

PROCESSES: Final = 8
PROJECTS: Final = 8
PEOPLE: Final = 4
PLANS: Final = int(os.environ.get("PLANGATE_STORM", "10000"))
MOST: Final = PLANS // 10
"""Moves that the organization can pay for: a tenth of what is asked for."""
SEED: Final = 20_260_105


def moves(count: int, *, last_by: int = 1) -> Plan:
    """Build a plan of so many moves; a last one below zero fails."""
    by = [*[1] * (count - 1), last_by]
    return Plan(steps=tuple(Step(action="counter.move", inputs={"by": one}) for one in by))


SINGLE: Final = moves(1)
PLANS_ASKED: Final = (*[SINGLE] * 8, moves(2), moves(3, last_by=-9_000))
"""Of ten plans eight are of one move, one of two, and one is undone at its third."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Name a move that was done."""

    project: str
    principal: str


def nested() -> tuple[Budget, ...]:
    """Build five budgets of which each but the widest lasts for a part of the organization only.

    Together projects could pay for a fifth more than there is, and people too.
    """
    day, month = BudgetSpan.DAY, BudgetSpan.MONTH
    project, person = MOST * 6 // 5 // PROJECTS, MOST * 6 // 5 // PEOPLE
    return (
        a_budget(MOST, per=day),
        a_budget(
            project * TOKENS, scope=BudgetScope.PROJECT, measure=BudgetMeasure.TOKENS, per=day
        ),
        a_budget(
            person * MICROS, scope=BudgetScope.PRINCIPAL, measure=BudgetMeasure.MONEY, per=month
        ),
        a_budget(MOST * 11 // 10, scope=BudgetScope.ACTION, measure=BudgetMeasure.ACTIONS, per=day),
        a_budget(MOST * MICROS * 21 // 20, measure=BudgetMeasure.MONEY, per=month),
    )


async def asked(world: World, plan: Plan, *, principal: Principal) -> JsonObject:
    """Ask one process to execute a plan in its project, as somebody; again while it is busy."""

    async def standing() -> Principal:
        return principal

    while True:
        execution = replace(world.execution(plan), principal=principal, atomic=len(plan.steps) == 3)
        try:
            executed = await world.lines.join(
                execution, project_id=world.project_id, standing=standing, patience_s=50.0
            )
        except LeaseBusyError:  # nothing was done: another process has the project
            continue
        return document_of(executed)


async def places(world: World) -> list[World]:
    """Return every project in every process."""
    projects = [world, *[await another_project(world) for _ in range(PROJECTS - 1)]]
    processes = [world, *[await world.replica() for _ in range(PROCESSES - 1)]]
    return [
        replace(process, project_id=one.project_id) for process in processes for one in projects
    ]


async def moves_done(world: World) -> list[Done]:
    """Return every move that was done, as the stored outcomes say."""
    organization = world.caller.organization_id
    asking = text("select project_id, principal_id, document from outcomes")
    async with world.database.transaction(organization, read_only=True) as connection:
        rows = (await connection.execute(asking)).all()
    return [
        Done(project=row.project_id, principal=row.principal_id)
        for row in rows
        for step in parse(row.document)["steps"]
        if step["status"] == "done"
    ]


def due(done: Iterable[Done]) -> Counter[str]:
    """Return what every counter has to hold, counted once more from what was done."""
    counted: Counter[str] = Counter()
    for one in done:
        counted["units_a_day:organization:"] += 1
        counted[f"tokens_a_day:project:{one.project}"] += TOKENS
        counted[f"money_a_month:principal:{one.principal}"] += MICROS
        counted["actions_a_day:action:counter.move"] += 1
        counted["money_a_month:organization:"] += MICROS
    return counted


async def test_nothing_is_overspent_and_all_is_spent(priced: World) -> None:
    """Of far too many plans at once as many run as nested budgets pay for, to the last unit."""
    everywhere, random = await places(priced), Random(SEED)
    people = [
        priced.principal.model_copy(update={"id": priced.ids.new("mem")}) for _ in range(PEOPLE)
    ]
    budgets = nested()
    await set_limits(priced, *budgets)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(
                asked(
                    random.choice(everywhere),
                    random.choice(PLANS_ASKED),
                    principal=random.choice(people),
                )
            )
            for _ in range(PLANS)
        ]

    outcomes = [task.result() for task in tasks]
    counted, done = await counters(priced), await moves_done(priced)
    assert len(outcomes) == PLANS
    assert counted == due(done)
    assert counted["units_a_day:organization:"] == MOST
    for budget in budgets:
        key = f"{budget.named.value}:{budget.scope.value}:"
        assert all(used <= budget.most for name, used in counted.items() if name.startswith(key))
    whole = [item for item in await told_of_limits(priced) if item["measure"] == "units_a_day"]
    assert sorted(item["percent"] for item in whole) == [50, 80, 90, 100]
    refused = [item["refusal"]["limit"] for item in outcomes if item["status"] == "refused"]
    assert all(limit["used"] + limit["wanted"] > limit["limit"] for limit in refused)


async def lowered(world: World, most: int) -> int:
    """Lower the organization's budget, and return what was used of it at that very instant.

    Whoever changes limits holds every head, so no commit is under way then.
    """
    organization = world.caller.organization_id
    async with world.database.transaction(organization) as connection:
        await add_limits(
            connection,
            shared_limits(a_budget(most), number=2),
            organization_id=organization,
            principal_id=world.caller.member_id,
            now=world.ids.now(),
        )
        await outdate_judgements(connection, organization)
        used = await connection.execute(text("select used from limit_counters"))
        return int(used.scalar_one())


@pytest.mark.parametrize("most", [5, 60], ids=["below what is used", "above what is used"])
async def test_a_budget_that_is_lowered_in_the_storm_holds_at_once(
    priced: World, most: int
) -> None:
    """What was judged by the larger one and not yet written is judged anew: nothing slips by."""
    everywhere, random = await places(priced), Random(SEED)
    await set_limits(priced, a_budget(90))
    begun = asyncio.Event()

    async def one() -> JsonObject:
        outcome = await asked(random.choice(everywhere), SINGLE, principal=priced.principal)
        begun.set()
        return outcome

    async with asyncio.timeout(50), asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(400)]
        await begun.wait()
        used = await lowered(priced, most)

    done = [task.result()["status"] for task in tasks].count("done")
    assert await counters(priced) == {"units_a_day:organization:": done}
    assert done == max(used, most)
