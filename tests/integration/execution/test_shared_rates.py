"""Rates of an organization hold across its projects and processes, and nothing passes unasked."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

from runtime.domain.errors import DomainError, VersionMismatchError
from runtime.domain.limits import BudgetScope
from runtime.domain.plan import Plan, Step
from runtime.domain.principal import Principal
from runtime.domain.shared_limits import OrganizationLimits, RateLimit, RateSpan
from runtime.domain.shared_rates import RateWindow, windows_of
from runtime.domain.shared_use import Payer
from runtime.kit.json_value import JsonObject
from runtime.services.execution.decisions import Place
from runtime.services.execution.judges import Judges
from runtime.services.execution.plans import PlanRequest
from runtime.services.execution.rate_slices import Handed
from runtime.services.execution.shared_rates import Room
from runtime.store.heads import bump_settings, read_head
from tests.execution import COUNTER, World, an_increment, document_of
from tests.rules import decided_by_table
from tests.shared_limits import a_budget, another_project, set_limits, statuses

STEP: Final = Step(action="counter.increment", inputs={"by": 1})
STOP: Final = Step(action="furnace.emergency_stop", inputs={})
SHUT_DOWN: Final = Step(action="furnace.shut_down", inputs={})


def increments(count: int) -> Plan:
    """Build a plan of so many steps."""
    return Plan(steps=(STEP,) * count)


def a_rate(
    most: int,
    *,
    scope: BudgetScope = BudgetScope.ORGANIZATION,
    subject: str | None = None,
    per: RateSpan = RateSpan.MINUTE,
) -> RateLimit:
    """Build the rate of an organization's minute, unless told otherwise."""
    return RateLimit(scope=scope, subject=subject, per=per, most=most)


def windows(world: World, *rates: RateLimit) -> tuple[RateWindow, ...]:
    """Return the windows that a world's steps count in."""
    payer = Payer(project=world.project_id, principal=world.caller.member_id)
    return tuple(
        window
        for rate in rates
        for window in windows_of(
            OrganizationLimits(rates=(rate,)),
            organization_id=world.caller.organization_id,
            payer=payer,
        )
    )


async def used(world: World, *rates: RateLimit) -> list[int]:
    """Return what counts, once everything is settled."""
    await world.rates.close()
    found = await world.rates.uses(world.caller.organization_id, windows(world, *rates))
    assert found is not None
    return [use.used for use in found]


async def tried(
    world: World, plan: Plan, *, expects: int | None = None
) -> JsonObject | DomainError:
    """Execute a plan, and return its outcome or why there is none."""
    try:
        return await world.execute(plan, expects=expects)
    except DomainError as error:
        return error


async def test_projects_share_a_rate(world: World) -> None:
    """What one did counts for all, in whichever process; the refusal has the figures."""
    other = await another_project(world)
    elsewhere = await other.replica()
    rate = a_rate(5)
    await set_limits(world, rates=(rate,))

    outcomes = [
        await place.execute(an_increment()) for place in (world, other, elsewhere) for _ in range(2)
    ]

    assert statuses(outcomes) == ["done"] * 5 + ["refused"]
    assert await used(elsewhere, rate) == [5]
    refusal = outcomes[-1]["refusal"]
    assert (refusal["guard"], refusal["code"]) == ("within_shared_rate", "rate_limited")
    assert refusal["limit"]["resets_at"] is not None
    assert {**refusal["limit"], "resets_at": None} == {
        "scope": "organization",
        "subject": None,
        "measure": "per_minute",
        "limit": 5,
        "used": 5,
        "wanted": 1,
        "resets_at": None,
    }


async def test_processes_at_once_pass_no_rate(world: World) -> None:
    """Ninety at once from three processes and three projects: as many run as may, each once."""
    places = [world, await another_project(world), await another_project(world)]
    places += [await place.replica() for place in places for _ in range(2)]
    rates = (a_rate(20), a_rate(9, scope=BudgetScope.PROJECT))
    await set_limits(world, rates=rates)

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(place.execute(an_increment())) for place in places for _ in range(10)
        ]

    done = [task.result() for task in tasks if task.result()["status"] == "done"]
    by_project = {
        place.project_id: sum(item["project"] == place.project_id for item in done)
        for place in places
    }
    assert len(done) == 20
    assert max(by_project.values()) <= 9
    for place in places:
        await place.rates.close()
    assert (await used(world, *rates))[0] == 20


async def test_a_plan_that_does_not_fit_does_nothing(world: World) -> None:
    """All of its steps or none: a part would be of no use."""
    rate = a_rate(3)
    await set_limits(world, rates=(rate,))
    await world.execute(increments(2))

    outcome = await world.execute(increments(2))

    assert outcome["status"] == "refused"
    assert outcome["refusal"]["limit"]["wanted"] == 2
    assert await world.counter() == 2
    assert await used(world, rate) == [2]


async def test_what_was_not_done_is_free_again(world: World) -> None:
    """Denied, refused later, rolled back, failed half way: only what was done counts."""
    rate = a_rate(4)
    await set_limits(world, a_budget(3), rates=(rate,))
    broken = Plan(steps=(STEP, Step(action="counter.increment", inputs={"by": -9})))

    world.rules.faults.append({"allow": False})
    denied = await world.execute(an_increment())
    over_budget = await world.execute(increments(4))
    rolled_back = await world.execute(broken, atomic=True)
    half = await world.execute(broken)

    assert statuses([denied, over_budget, rolled_back]) == ["refused", "refused", "failed"]
    assert [step["status"] for step in half["steps"]] == ["done", "failed"]
    assert await used(world, rate) == [1]


async def test_an_execution_that_is_judged_anew_counts_once(world: World) -> None:
    """A replica that knew an older head, and settings that changed, make it be judged twice."""
    rate = a_rate(50)
    await set_limits(world, rates=(rate,))
    replica = await world.replica()
    for _ in range(3):
        await world.execute(an_increment())
        async with world.database.transaction(world.caller.organization_id) as connection:
            await bump_settings(
                connection,
                organization_id=world.caller.organization_id,
                project_id=world.project_id,
            )
        await replica.execute(an_increment())

    assert await world.counter() == 6
    await replica.rates.close()
    assert await used(world, rate) == [6]


async def test_an_expectation_that_fails_takes_no_room(world: World) -> None:
    """What is answered with an error was not done."""
    rate = a_rate(5)
    await set_limits(world, rates=(rate,))

    answer = await tried(world, an_increment(), expects=7)

    assert isinstance(answer, VersionMismatchError)
    assert await used(world, rate) == [0]


async def test_a_repeated_request_counts_once(world: World) -> None:
    """It is answered, and takes nothing."""
    rate = a_rate(5)
    await set_limits(world, rates=(rate,))

    first = await world.execute(an_increment(), key="k")
    again = await world.execute(an_increment(), key="k")

    assert first["id"] == again["id"]
    async with asyncio.timeout(10):
        while await used(world, rate) != [1]:  # noqa: ASYNC110  # it is given back after the answer
            await asyncio.sleep(0.01)


async def test_each_principal_has_a_rate_of_their_own(world: World) -> None:
    """Another's is not touched by what one does."""
    rate = a_rate(1, scope=BudgetScope.PRINCIPAL, per=RateSpan.HOUR)
    await set_limits(world, rates=(rate,))
    await world.execute(an_increment())

    refused = await world.execute(an_increment())
    other = world.principal.model_copy(update={"id": world.ids.new("mem")})
    execution = replace(world.execution(), principal=other)

    async def standing() -> Principal:
        return other

    executed = await world.lines.join(
        execution, project_id=world.project_id, standing=standing, patience_s=5
    )

    assert refused["refusal"]["limit"]["scope"] == "principal"
    assert refused["refusal"]["limit"]["subject"] == world.caller.member_id
    assert document_of(executed)["status"] == "done"


async def test_a_simulation_sees_the_rate_and_takes_nothing(world: World) -> None:
    """It says what an execution would be told."""
    rate = a_rate(1)
    await set_limits(world, rates=(rate,))
    asked = PlanRequest(plan=an_increment())

    fits = [
        document_of(await world.plans.simulate(world.context, world.project_id, asked=asked))
        for _ in range(3)
    ]
    await world.execute(an_increment())
    full = document_of(await world.plans.simulate(world.context, world.project_id, asked=asked))
    executed = await world.execute(an_increment())

    assert statuses(fits) == ["done"] * 3
    assert full["refusal"]["guard"] == executed["refusal"]["guard"] == "within_shared_rate"
    assert full["refusal"]["expected"] == executed["refusal"]["expected"]
    assert await used(world, rate) == [1]


async def test_a_rate_that_is_lowered_holds_at_once(world: World) -> None:
    """What was done before counts, as the window goes on."""
    await set_limits(world, rates=(a_rate(9),))
    await world.execute(increments(3))
    await set_limits(world, rates=(a_rate(3),))

    refused = await world.execute(an_increment())

    assert (refused["refusal"]["limit"]["limit"], refused["refusal"]["limit"]["used"]) == (3, 3)


async def test_room_that_is_borrowed_counts_for_what_is_done_of_it(world: World) -> None:
    """Refused later, rolled back, half done: as with room that was asked for."""
    rate = a_rate(100_000)
    await set_limits(world, a_budget(13), rates=(rate,))
    broken = Plan(steps=(STEP, Step(action="counter.increment", inputs={"by": -99})))
    done = [await world.execute(an_increment()) for _ in range(9)]

    over_budget = await world.execute(increments(5))
    rolled_back = await world.execute(broken, atomic=True)
    half = await world.execute(broken)

    assert statuses([*done, over_budget, rolled_back]) == ["done"] * 9 + ["refused", "failed"]
    assert [step["status"] for step in half["steps"]] == ["done", "failed"]
    assert await used(world, rate) == [10]


async def test_room_that_is_borrowed_counts_once_when_judged_anew(world: World) -> None:
    """Settings that change under way make an execution ask again."""
    rate = a_rate(100_000)
    await set_limits(world, rates=(rate,))
    replica = await world.replica()
    for _ in range(5):
        for place in (world, replica):
            await place.execute(an_increment())
            await place.execute(an_increment())
        async with world.database.transaction(world.caller.organization_id) as connection:
            await bump_settings(
                connection,
                organization_id=world.caller.organization_id,
                project_id=world.project_id,
            )

    assert await world.counter() == 20
    await replica.rates.close()
    assert await used(world, rate) == [20]


async def placed(world: World) -> Place:
    """Return where a world's executions are judged, as it stands."""
    organization = world.caller.organization_id
    return Place(
        organization_id=organization,
        project_id=world.project_id,
        head=await read_head(
            world.database, organization_id=organization, project_id=world.project_id
        ),
        registry=Judges(world.environments).of(COUNTER).registry,
        now=world.ids.now(),
    )


async def test_room_is_taken_once_however_often_it_is_asked_for(world: World) -> None:
    """Of who counts, or of what was lent; anew where limits are others, and then only there."""
    executions = [world.execution() for _ in range(6)]
    decided = decided_by_table(Judges(world.environments).of(COUNTER), executions)
    room = Room(world.rates, world.caller.organization_id)

    async def taken() -> list[object]:
        place = await placed(world)
        found = [
            await world.rates.reserved([item], place, decided=decided, room=room)
            for item in executions
        ]
        return [
            item.grants[execution.outcome_id]
            for item, execution in zip(found, executions, strict=True)
        ]

    await set_limits(world, rates=(a_rate(100_000),))
    first, again = await taken(), await taken()
    await set_limits(world, rates=(a_rate(200_000),))
    anew = await taken()

    lent = [grant for grant in first if isinstance(grant, Handed)]
    assert not isinstance(first[0], Handed)
    assert lent
    assert again == first
    assert not any(grant in lent for grant in anew)
    room.give_back()
    assert await used(world, a_rate(200_000)) == [0]
