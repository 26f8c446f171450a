"""Without an answer about rates nothing is done that one could hold back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pytest

from runtime.domain.errors import DomainError, RatesUnavailableError
from runtime.domain.limits import BudgetScope
from runtime.domain.plan import Plan, Step
from runtime.domain.shared_limits import RateSpan
from runtime.kit.clock import SystemClock
from runtime.services.execution.organization_usages import OrganizationUsages
from runtime.services.execution.plans import PlanRequest
from runtime.store.heads import bump_settings
from runtime.store.projects import archive_project
from tests.execution import World, a_project, an_increment, document_of, opened
from tests.integration.execution.test_shared_rates import a_rate, increments, tried, used
from tests.rates import uncounted
from tests.servers.stoppable_redis import StoppableRedis
from tests.shared_limits import a_budget, set_limits

STOP: Final = Step(action="furnace.emergency_stop", inputs={})
SHUT_DOWN: Final = Step(action="furnace.shut_down", inputs={})


@pytest.fixture(scope="module")
def own_redis() -> Iterator[StoppableRedis]:
    """Run a server that these tests may harm."""
    with StoppableRedis() as server:
        yield server


async def counted_elsewhere(world: World, server: StoppableRedis) -> World:
    """Return a process whose leases stay while the server that counts its rates is harmed."""
    server.thaw()
    server.start()
    return await opened(
        world.stack,
        world.database,
        server.url,
        caller=world.caller,
        project_id=world.project_id,
        leases=world.leases,
    )


async def test_without_an_answer_nothing_is_done(world: World, own_redis: StoppableRedis) -> None:
    """The caller is told so, nothing is stored; it goes on when the server is back."""
    place = await counted_elsewhere(world, own_redis)
    await set_limits(world, rates=(a_rate(9),))
    await place.execute(an_increment())
    own_redis.stop()

    refused = await tried(place, an_increment())
    outcomes = await place.count("outcomes")
    own_redis.start()
    done = await place.execute(an_increment())

    assert isinstance(refused, RatesUnavailableError)
    assert outcomes == 1
    assert done["status"] == "done"


async def test_what_an_emptied_server_forgot_still_counts(
    world: World, own_redis: StoppableRedis
) -> None:
    """Books of projects say what was done; the window is as full as before."""
    place = await counted_elsewhere(world, own_redis)
    neighbour = replace(place, project_id=await a_project(world.database, world.caller))
    rates = (a_rate(4), a_rate(4, scope=BudgetScope.PRINCIPAL, per=RateSpan.HOUR))
    await set_limits(world, rates=rates)
    await place.execute(increments(2))
    await neighbour.execute(an_increment())
    await place.rates.close()

    own_redis.stop()
    own_redis.start()

    assert await used(place, *rates) == [3, 3]
    fits = await place.execute(an_increment())
    refused = await neighbour.execute(an_increment())
    assert fits["status"] == "done"
    assert refused["refusal"]["limit"]["used"] == 4


async def test_organizations_without_rates_need_nobody_who_counts(world: World) -> None:
    """Nor do simulations of theirs; budgets alone don't either."""
    place = await without_counting(world)
    await set_limits(world, a_budget(9))

    done = await place.execute(an_increment())

    assert done["status"] == "done"


async def test_an_urgent_plan_waits_for_nobody_who_counts(world: World) -> None:
    """No rate could hold it back, so no answer is missed."""
    project = await a_project(world.database, world.caller, environment="facility", role="operator")
    place = replace(await without_counting(world), project_id=project)
    await set_limits(world, rates=(a_rate(0),))

    asked = PlanRequest(plan=Plan(steps=(STOP,)))

    foreseen = await place.plans.simulate(place.context, project, asked=asked)
    stopped = await tried(place, Plan(steps=(STOP,)))
    more = await tried(place, Plan(steps=(STOP, SHUT_DOWN)))

    assert document_of(foreseen)["status"] == "done"
    assert not isinstance(stopped, DomainError)
    assert stopped["status"] == "done"
    assert isinstance(more, RatesUnavailableError)


async def without_counting(world: World) -> World:
    """Return a process that can ask nobody what rates allow."""
    return await opened(
        world.stack,
        world.database,
        world.redis_url,
        caller=world.caller,
        project_id=world.project_id,
        rates=uncounted(world.database),
    )


async def test_use_is_told_without_rates_when_nobody_counts(world: World) -> None:
    """Budgets are known all the same; who asks is told what is missing."""
    await set_limits(world, a_budget(9), rates=(a_rate(9),))
    await world.rates.close()
    usages = OrganizationUsages(
        database=world.database, clock=SystemClock(), rates=uncounted(world.database)
    )

    use = await usages.read(world.context, world.caller.organization_id)

    assert use.rates is None
    assert [(item.used, item.limit) for item in use.budgets] == [(0, 9)]


async def test_what_is_refused_anyway_asks_nobody(world: World) -> None:
    """Denied by rules, or in a project that is archived: it says so, and takes no room."""
    place = await without_counting(world)
    await set_limits(world, rates=(a_rate(9),))
    place.rules.faults.append({"allow": False})

    denied = await tried(place, an_increment())
    async with world.database.transaction(world.caller.organization_id) as connection:
        await bump_settings(
            connection,
            organization_id=world.caller.organization_id,
            project_id=world.project_id,
        )
        await archive_project(connection, world.project_id, at=world.ids.now())
    archived = await tried(place, an_increment())

    assert not isinstance(denied, DomainError)
    assert denied["refusal"]["guard"] == "policy_allows"
    assert not isinstance(archived, DomainError)
    assert archived["refusal"]["guard"] == "project_active"
