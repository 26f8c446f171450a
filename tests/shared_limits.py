"""Give organizations of tests limits that span their projects, and read what was counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import text

from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.shared_limits import (
    Budget,
    BudgetMeasure,
    BudgetSpan,
    OrganizationLimits,
    SharedLimits,
)
from runtime.kit.canonical_json import parse
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.store.organization_limits import add_limits, newest_limits
from runtime.store.projects import outdate_judgements
from tests.execution import COUNTER, World, a_project
from tests.priced import PRICED_ID


def a_budget(most: int, **changes: JsonValue) -> Budget:
    """Build a budget, by default of the organization's units a day."""
    declared: JsonObject = {
        "scope": BudgetScope.ORGANIZATION,
        "measure": BudgetMeasure.UNITS,
        "per": BudgetSpan.DAY,
        "most": most,
    }
    return Budget(**{**declared, **changes})


def shared_limits(*budgets: Budget, number: int = 1, **changes: JsonValue) -> SharedLimits:
    """Build the limits of an organization."""
    document = OrganizationLimits(**{"budgets": budgets, **changes})
    return SharedLimits(number=number, document=document)


async def set_limits(world: World, *budgets: Budget, **changes: JsonValue) -> SharedLimits:
    """Give a world's organization limits, as the next version."""
    organization, caller = world.caller.organization_id, world.caller
    async with world.database.transaction(organization) as connection:
        before = await newest_limits(connection, organization)
        number = 1 if before is None else before.limits.number + 1
        limits = shared_limits(*budgets, number=number, **changes)
        await add_limits(
            connection,
            limits,
            organization_id=organization,
            principal_id=caller.member_id,
            now=world.ids.now(),
        )
        await outdate_judgements(connection, organization)
    return limits


async def another_project(world: World, limits: Limits | None = None) -> World:
    """Return the same process with another project of the organization to work in."""
    environment = PRICED_ID if PRICED_ID in world.environments else COUNTER
    project = await a_project(
        world.database,
        world.caller,
        environment=environment,
        limits=limits,
        environments=world.environments,
    )
    return replace(world, project_id=project)


async def counters(world: World) -> dict[str, int]:
    """Return what is used of each budget, by its key; of one period each."""
    async with world.database.transaction(world.caller.organization_id) as connection:
        found = await connection.execute(text("select key, used from limit_counters"))
        return {row.key: row.used for row in found}


async def told_of_limits(world: World) -> list[JsonObject]:
    """Return what events told of limits."""
    asked = text("select document from events where type = 'limit.reached' order by id")
    async with world.database.transaction(world.caller.organization_id) as connection:
        return [parse(row[0]) for row in await connection.execute(asked)]


def statuses(outcomes: Iterable[JsonObject]) -> list[str]:
    """Return how executions ended."""
    return [outcome["status"] for outcome in outcomes]
