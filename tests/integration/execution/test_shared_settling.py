"""Groups are settled on what is used by now: what is remembered of it refuses nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from typing_extensions import override

from runtime.domain.errors import LimitPassedError, StorageUnavailableError
from runtime.domain.limits import BudgetScope, Limits
from runtime.domain.plan import Plan, Step
from runtime.domain.shared_limits import BudgetMeasure, BudgetSpan
from runtime.domain.shared_use import Counter
from runtime.kit.clock import FixedClock, SystemClock
from runtime.kit.json_value import JsonObject
from runtime.services.execution.commits import Commits
from runtime.services.execution.judges import Judges
from runtime.services.execution.lines import Lines
from runtime.services.execution.needs import Needs
from runtime.services.execution.past import Past
from runtime.services.execution.plans import PlanRequest
from runtime.services.execution.settling import SETTLE_S
from runtime.services.expired_keys import COUNTERS_KEPT, ExpiredKeys
from runtime.store.executions import Commit
from runtime.store.session import Database
from tests.execution import World, an_increment, document_of
from tests.priced import MICROS
from tests.rates import uncounted
from tests.rules import decisions_by_table
from tests.shared_limits import a_budget, another_project, counters, set_limits, statuses

UNITS = "units_a_day:organization:"
MONEY = "money_a_month:organization:"
MOVE = Plan(steps=(Step(action="counter.move", inputs={"by": 1}),))
STOP = Plan(steps=(Step(action="counter.stop", inputs={"by": 1}),))


class LosingCommits(Commits):
    """Write a group, and lose the answer the first time."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.lost = False

    @override
    async def write(self, group: Commit) -> Mapping[Counter, int]:
        """Say that it is not known once it is written."""
        counted = await super().write(group)
        if not self.lost:
            self.lost = True
            raise StorageUnavailableError(reason="cut")
        return counted


class OvertakenCommits(Commits):
    """Find every budget used up by others, again and again, while time passes."""

    def __init__(self, database: Database, clock: FixedClock) -> None:
        super().__init__(database)
        self.clock = clock
        self.tried = 0

    @override
    async def write(self, group: Commit) -> Mapping[Counter, int]:
        """Refuse, and let two seconds pass."""
        self.tried += 1
        self.clock.advance(timedelta(seconds=SETTLE_S / 20))
        raise LimitPassedError(counter=UNITS)


@asynccontextmanager
async def writing_by(
    world: World, commits: Commits, *, clock: FixedClock | None = None
) -> AsyncIterator[World]:
    """Open the lines of a process that commits in this way."""
    told = clock or SystemClock()
    lines = Lines(
        Needs(
            database=world.database,
            commits=commits,
            leases=world.leases,
            judge=Judges(world.environments).of,
            decisions=decisions_by_table(world.database, told),
            past=Past(world.database),
            rates=uncounted(world.database),
            clock=told,
            measures=world.measures,
        ),
        expired_keys=ExpiredKeys(world.database, told),
    )
    try:
        yield replace(world, lines=lines)
    finally:
        await lines.close()


async def joined(world: World) -> JsonObject:
    """Execute one increment through the world's lines."""
    return document_of(
        await world.lines.join(
            world.execution(), project_id=world.project_id, standing=world.standing, patience_s=20
        )
    )


async def test_a_commit_whose_answer_was_lost_is_charged_once(world: World) -> None:
    """It is found by its outcome, and neither judged nor charged again."""
    await set_limits(world, a_budget(5))

    async with writing_by(world, LosingCommits(world.database)) as place:
        outcome = await joined(place)

    assert outcome["status"] == "done"
    assert await counters(world) == {UNITS: 1}


async def test_who_is_overtaken_for_too_long_is_told_to_try_again(world: World) -> None:
    """Nothing was done; the number of tries is not what ends it, as each means that others did."""
    await set_limits(world, a_budget(5))
    clock = FixedClock(world.ids.now())
    commits = OvertakenCommits(world.database, clock)

    async with writing_by(world, commits, clock=clock) as place:
        with pytest.raises(LimitPassedError):
            await joined(place)

    assert commits.tried == 21
    assert await counters(world) == {}
    assert await world.count("outcomes") == 0


async def test_a_refusal_rests_on_what_is_used_by_now(world: World) -> None:
    """A process that remembers more than is used, as after a restore, reads before it refuses."""
    await set_limits(world, a_budget(2))
    used_up = [await world.execute(an_increment()) for _ in range(3)]
    async with world.database.transaction(world.caller.organization_id) as connection:
        await connection.execute(text("update limit_counters set used = 1"))

    restored = [await world.execute(an_increment()) for _ in range(2)]

    assert statuses(used_up) == ["done", "done", "refused"]
    assert statuses(restored) == ["done", "refused"]


async def test_a_process_that_remembers_too_little_overspends_nothing(world: World) -> None:
    """Its commit is refused; then it refuses, with the figures of now."""
    other = await (await another_project(world)).replica()
    await set_limits(world, a_budget(3))
    await world.execute(an_increment())
    for _ in range(2):
        await other.execute(an_increment())

    refused = await world.execute(an_increment())

    assert refused["refusal"]["limit"]["used"] == 3
    assert await counters(world) == {UNITS: 3}


async def test_a_groups_executions_see_what_those_before_them_used(priced: World) -> None:
    """Of forty that wait together as many run as there is room for, in their order."""
    await set_limits(priced, a_budget(7 * MICROS, measure=BudgetMeasure.MONEY))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(priced.execute(MOVE)) for _ in range(40)]

    outcomes = [task.result() for task in tasks]
    assert statuses(outcomes) == ["done"] * 7 + ["refused"] * 33


async def test_days_and_months_renew(priced: World) -> None:
    """Each at its own midnight, of the organization's zone; what was used before stays counted."""
    clock = FixedClock(datetime(2028, 2, 28, 22, 30, tzinfo=UTC))  # a leap year
    place = await priced.replica(clock=clock)
    await set_limits(
        priced,
        a_budget(1),
        a_budget(2 * MICROS, measure=BudgetMeasure.MONEY, per=BudgetSpan.MONTH),
        zone="Europe/Berlin",
    )

    first = [await place.execute(MOVE) for _ in range(2)]
    clock.advance(timedelta(hours=1))  # the 29th in Berlin
    second = [await place.execute(MOVE) for _ in range(2)]
    clock.advance(timedelta(hours=24))  # the 1st of March in Berlin
    third = await place.execute(MOVE)

    assert statuses(first) == ["done", "refused"]
    assert first[1]["refusal"]["limit"]["resets_at"] == "2028-02-28T23:00:00Z"
    assert statuses(second) == ["done", "refused"]
    assert second[1]["refusal"]["limit"]["resets_at"] == "2028-02-29T23:00:00Z"
    assert third["status"] == "done"


async def test_an_urgent_step_runs_when_everything_is_used_up(priced: World) -> None:
    """And is counted: an emergency stop waits for no budget."""
    await set_limits(priced, a_budget(0), a_budget(0, measure=BudgetMeasure.ACTIONS))

    stopped, moved = await priced.execute(STOP), await priced.execute(MOVE)

    assert statuses([stopped, moved]) == ["done", "refused"]
    assert await counters(priced) == {UNITS: 1, "actions_a_day:organization:": 1}


async def test_a_projects_own_limits_hold_beside_the_organizations(world: World) -> None:
    """Whichever is used up first refuses; what it refused is charged to neither."""
    narrow = await another_project(world, Limits(budgets={BudgetScope.PROJECT: 1}))
    await set_limits(world, a_budget(2))

    outcomes = [await narrow.execute(an_increment()) for _ in range(2)]
    outcomes += [await world.execute(an_increment()) for _ in range(2)]

    assert statuses(outcomes) == ["done", "refused", "done", "refused"]
    guards = [outcome["refusal"]["guard"] for outcome in outcomes if outcome["refusal"]]
    assert guards == ["within_budget", "within_shared_budget"]


async def test_a_step_that_is_not_known_is_charged_nowhere(world: World) -> None:
    """Nor is what stands behind it; what was done before it is."""
    await set_limits(world, a_budget(1))
    known, unknown = (Step(action=name, inputs={}) for name in ("counter.increment", "box.burn@1"))

    alone = await world.execute(Plan(steps=(unknown,)))
    behind = await world.execute(Plan(steps=(known, unknown, known)))
    simulated = document_of(
        await world.plans.simulate(
            world.context, world.project_id, asked=PlanRequest(plan=Plan(steps=(known, unknown)))
        )
    )

    assert alone["refusal"]["code"] == "action_unknown"
    assert statuses(behind["steps"]) == ["done", "refused", "not_reached"]
    assert simulated["refusal"]["code"] == "budget_exceeded"
    assert await counters(world) == {UNITS: 1}


async def test_an_organization_without_limits_has_no_counters(world: World) -> None:
    """Nor one whose limits hold no budget: nothing is written for it."""
    await world.execute(an_increment())
    await set_limits(world)
    await world.execute(an_increment())

    assert await counters(world) == {}


async def test_counters_of_long_ago_are_forgotten(world: World) -> None:
    """With the keys, now and then; those of a year are kept."""
    await set_limits(world, a_budget(2))
    await world.execute(an_increment())
    clock = FixedClock(world.ids.now())
    expired = ExpiredKeys(world.database, clock)

    clock.advance(COUNTERS_KEPT - timedelta(seconds=5))
    await expired.forget(world.caller.organization_id)
    kept = await counters(world)
    clock.advance(timedelta(seconds=10))
    await expired.forget(world.caller.organization_id)

    assert kept == {UNITS: 1}
    assert await counters(world) == {}
