"""A commit compares budgets as they are when it arrives, and is wholly written or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from runtime.domain.errors import LimitPassedError, StaleHeadError
from runtime.domain.limits import BudgetScope
from runtime.domain.plan import Plan, Step
from runtime.domain.shared_limits import BudgetMeasure, BudgetSpan
from runtime.domain.shared_use import NOTHING_SHARED, Counter, SharedUse
from runtime.kit.canonical_json import canonical_text, parse
from runtime.kit.ids import parse_id
from runtime.services.execution.commits import Commits
from runtime.services.execution.draft import Tenure
from runtime.services.execution.judges import Judges
from runtime.store.executions import Commit, commit
from runtime.store.heads import read_head
from runtime.store.limit_counters import read_counters
from tests.database import FreshDatabase, session
from tests.execution import World
from tests.priced import MICROS, TOKENS
from tests.rules import decided_by_table
from tests.shared_limits import a_budget, another_project, counters, set_limits, told_of_limits
from tests.unit.runtime.store.rows import waiting_for_a_lock

VERSIONS = Path(__file__).parents[3] / "migrations" / "versions"
FUNCTION = max(VERSIONS.glob("*_commit_executions.sql"))  # as the newest revision made it
COMPARISON = "charge.used - charge.amount > charge.room"
UNITS = "units_a_day:organization:"
MANY = tuple(
    a_budget(100, measure=measure, per=per)
    for measure in (BudgetMeasure.ACTIONS, BudgetMeasure.UNITS, BudgetMeasure.TOKENS)
    for per in BudgetSpan
)
"""Budgets of which one move uses something of each."""


def a_plan(*actions: str) -> Plan:
    """Build a plan of moves and stops, of one unit each."""
    return Plan(steps=tuple(Step(action=f"counter.{name}", inputs={"by": 1}) for name in actions))


async def judged(world: World, *plans: Plan, use: SharedUse = NOTHING_SHARED) -> Commit:
    """Judge plans on the state that stands, as if no more of any budget were used."""
    organization, project = world.caller.organization_id, world.project_id
    head = await read_head(world.database, organization_id=organization, project_id=project)
    tenure = Tenure(organization_id=organization, project_id=project, fence=1, now=world.ids.now())
    judge = Judges(world.environments).of(head.environment)
    executions = [world.execution(plan) for plan in plans]
    decided = decided_by_table(judge, executions)
    return judge.group(executions, head, tenure, decided=decided, shared_use=use).commit


async def committed(world: World, *groups: Commit) -> Mapping[Counter, int]:
    """Commit groups together."""
    return await commit(world.database, groups)


async def moved(world: World, *actions: str) -> None:
    """Execute a plan at once, judged on what is used by now."""
    plan, organization = a_plan(*actions), world.caller.organization_id
    charges = (await judged(world, plan)).charges
    assert charges is not None
    charged = [charge.duty.counter for charge in charges.charges]
    use = SharedUse(known=await read_counters(world.database, organization, charged))
    await committed(world, await judged(world, plan, use=use))


async def rows(world: World) -> list[int]:
    """Count what a commit writes."""
    return [await world.count(table) for table in ("outcomes", "versions", "events")]


def used(counted: Mapping[Counter, int]) -> dict[str, int]:
    """Return what a commit counted, of whichever period."""
    return {key: amount for (key, _), amount in counted.items()}


async def test_a_commit_that_no_longer_fits_writes_nothing(priced: World) -> None:
    """Another project used the budget since; the error names what is counted."""
    other = await another_project(priced)
    await set_limits(priced, a_budget(3))
    late = await judged(priced, a_plan("move", "move"))
    await moved(other, "move", "move")
    before = await rows(priced)

    with pytest.raises(LimitPassedError) as passed:
        await committed(priced, late)

    assert passed.value.counter == UNITS
    assert await rows(priced) == before
    assert await counters(priced) == {UNITS: 2}


async def test_the_comparison_is_what_keeps_a_late_charge_out(
    priced: World, database: FreshDatabase
) -> None:
    """Without it the budget is overspent: nothing else would notice."""
    other = await another_project(priced)
    await set_limits(priced, a_budget(3))
    late = await judged(priced, a_plan("move", "move"))
    await moved(other, "move", "move")
    function = FUNCTION.read_text(encoding="utf-8")
    function = function.replace("create function", "create or replace function")
    assert function.count(COMPARISON) == 1
    async with session(database.owner_url) as owner:
        await owner.execute(function.replace(COMPARISON, "false"))

    await committed(priced, late)

    assert await counters(priced) == {UNITS: 4}


async def test_groups_that_fit_alone_but_not_together_are_refused_together(priced: World) -> None:
    """Of two projects in one transaction the second finds what the first used."""
    other = await another_project(priced)
    await set_limits(priced, a_budget(3))
    groups = [await judged(place, a_plan("move", "move")) for place in (priced, other)]

    with pytest.raises(LimitPassedError):
        await committed(priced, *groups)
    counted = await committed(priced, groups[0])

    assert used(counted) == {UNITS: 2}


async def test_groups_that_fit_together_are_added_up(priced: World) -> None:
    """To the last unit, and by measure, scope and subject."""
    other = await another_project(priced)
    await set_limits(
        priced,
        a_budget(4),
        a_budget(2 * TOKENS, scope=BudgetScope.PROJECT, measure=BudgetMeasure.TOKENS),
        a_budget(4 * MICROS, measure=BudgetMeasure.MONEY, per=BudgetSpan.MONTH),
    )
    groups = [await judged(place, a_plan("move"), a_plan("move")) for place in (priced, other)]

    counted = used(await committed(priced, *groups))

    assert counted == await counters(priced)
    assert counted == {
        UNITS: 4,
        f"tokens_a_day:project:{priced.project_id}": 2 * TOKENS,
        f"tokens_a_day:project:{other.project_id}": 2 * TOKENS,
        "money_a_month:organization:": 4 * MICROS,
    }


async def test_limits_that_changed_since_are_noticed(priced: World) -> None:
    """A commit that was judged without them, or by others, is refused by the settings it names."""
    unlimited = await judged(priced, a_plan("move"))
    await set_limits(priced, a_budget(0))
    with pytest.raises(StaleHeadError):
        await committed(priced, unlimited)

    await set_limits(priced, a_budget(5))
    roomy = await judged(priced, a_plan("move"))
    await set_limits(priced, a_budget(0))
    with pytest.raises(StaleHeadError):
        await committed(priced, roomy)

    assert await counters(priced) == {}


async def test_urgent_steps_are_written_whatever_is_used(priced: World) -> None:
    """They are counted, and leave nothing to those behind them."""
    await set_limits(priced, a_budget(1))
    await moved(priced, "move")

    await moved(priced, "stop", "stop")
    late = await judged(priced, a_plan("move"))
    with pytest.raises(LimitPassedError):
        await committed(priced, late)

    assert await counters(priced) == {UNITS: 3}


async def test_urgent_steps_behind_others_need_no_room(priced: World) -> None:
    """What is compared is how much may be used before the last step that a limit holds back."""
    await set_limits(priced, a_budget(3))
    await moved(priced, "move", "move")

    await moved(priced, "move", "stop", "stop")

    assert await counters(priced) == {UNITS: 5}


async def thresholds(world: World) -> list[tuple[int, int]]:
    """Return every percentage that was told, and of how much."""
    return sorted((item["limit"], item["percent"]) for item in await told_of_limits(world))


async def test_one_commit_that_passes_all_thresholds_tells_all(priced: World) -> None:
    """Each by an event of its own, spelled and named as events are."""
    await set_limits(priced, a_budget(4, scope=BudgetScope.PRINCIPAL))
    group = await judged(priced, a_plan("move", "move"), a_plan("move", "move"))
    newest = group.outcomes[-1].id

    await committed(priced, group)

    organization = priced.caller.organization_id
    async with priced.database.transaction(organization) as connection:
        asked = text("select id, project_id, document from events where type = 'limit.reached'")
        events = (await connection.execute(asked)).all()
    assert len({parse_id(event.id, "evt").entropy for event in events}) == 4
    assert {event.project_id for event in events} == {priced.project_id}
    assert all(canonical_text(parse(event.document)) == event.document for event in events)
    (period,) = {parse(event.document)["period"] for event in events}
    assert sorted((parse(event.document) for event in events), key=lambda it: it["percent"]) == [
        {
            "limit": 4,
            "measure": "units_a_day",
            "outcome": newest,
            "percent": percent,
            "period": period,
            "project": priced.project_id,
            "scope": "principal",
            "subject": priced.caller.member_id,
            "used": 4,
        }
        for percent in (50, 80, 90, 100)
    ]


async def test_a_threshold_is_told_of_once_for_what_a_budget_allows(priced: World) -> None:
    """More use tells nothing twice; another amount is another budget."""
    await set_limits(priced, a_budget(2))
    for _ in range(2):
        await moved(priced, "move")
    await moved(priced, "stop")
    assert await thresholds(priced) == [(2, 50), (2, 80), (2, 90), (2, 100)]

    await set_limits(priced, a_budget(8))
    await moved(priced, "move")
    await set_limits(priced, a_budget(8))
    await moved(priced, "move")

    assert (await thresholds(priced))[4:] == [(8, 50)]


async def test_a_charge_that_has_to_tell_of_a_threshold_and_does_not_is_refused(
    priced: World,
) -> None:
    """It was judged when less was used; judged anew, it brings the event."""
    await set_limits(priced, a_budget(100))
    late = await judged(priced, a_plan("move"))
    other = await another_project(priced)
    for _ in range(49):
        await moved(other, "move")

    with pytest.raises(LimitPassedError):
        await committed(priced, late)
    await moved(priced, "move")

    assert await thresholds(priced) == [(100, 50)]


async def test_a_budget_of_nothing_is_used_up_by_anything(priced: World) -> None:
    """By an urgent step, as all else is refused."""
    await set_limits(priced, a_budget(0))

    await moved(priced, "stop")

    assert await thresholds(priced) == [(0, 50), (0, 80), (0, 90), (0, 100)]


async def test_of_groups_that_wait_together_only_those_that_do_not_fit_are_refused(
    priced: World,
) -> None:
    """They are written on their own, and each is told what became of itself."""
    other = await another_project(priced)
    await set_limits(priced, a_budget(3))
    large, small = await judged(priced, a_plan(*["move"] * 3)), await judged(other, a_plan("move"))
    await moved(await another_project(priced), "move")
    commits = Commits(priced.database)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(_told(commits, one)) for one in (large, small)]

    told = [task.result() for task in tasks]
    assert isinstance(told[0], LimitPassedError)
    assert told[1] == {UNITS: 2}
    assert await counters(priced) == {UNITS: 2}


async def _told(commits: Commits, group: Commit) -> dict[str, int] | LimitPassedError:
    try:
        return used(await commits.write(group))
    except LimitPassedError as error:
        return error


async def test_commits_at_once_on_the_same_counters_end(priced: World) -> None:
    """None waits for one that waits for it."""
    places = [await another_project(priced) for _ in range(6)]
    await set_limits(priced, *MANY)
    groups: Sequence[Commit] = [await judged(place, a_plan("move")) for place in places]

    async with asyncio.timeout(20), asyncio.TaskGroup() as tasks:
        for number in range(0, 6, 2):
            tasks.create_task(committed(priced, groups[number], groups[number + 1]))

    assert (await counters(priced))[UNITS] == 6


async def test_counters_are_taken_in_the_order_of_their_keys(
    priced: World, database: FreshDatabase
) -> None:
    """Who waits for the first one holds none of the others, so that nobody waits for it."""
    await set_limits(priced, *MANY)
    await moved(priced, "move")
    group = await judged(priced, a_plan("move"))
    keys = sorted(await counters(priced))
    organization = priced.caller.organization_id

    async with session(database.app_url) as holder, holder.transaction():
        await holder.execute("select set_config('app.organization_id', $1, true)", organization)
        await holder.execute("select from limit_counters where key = $1 for update", keys[0])
        waiting = asyncio.create_task(committed(priced, group))
        await waiting_for_a_lock(priced.database, organization)
        async with priced.database.transaction(organization) as connection:
            free = await connection.scalars(
                text("select key from limit_counters for update skip locked")
            )
            assert sorted(free) == keys[1:]

    await waiting
    assert set((await counters(priced)).values()) == {2, 2 * TOKENS}
