"""A commit that comes late is refused by storage, whatever its process believes (N1, M5)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from typing_extensions import override

from runtime.domain.errors import StaleFenceError, StaleHeadError
from runtime.domain.plan import Plan, Step
from runtime.domain.shared_use import Counter
from runtime.kit.clock import SystemClock
from runtime.services.execution.changes import Change, Execution, Reversion
from runtime.services.execution.commits import Commits
from runtime.services.execution.draft import Tenure
from runtime.services.execution.judges import Judges
from runtime.services.execution.lines import Lines
from runtime.services.execution.needs import Needs
from runtime.services.execution.past import Past
from runtime.services.expired_keys import ExpiredKeys
from runtime.store.executions import Commit, commit
from runtime.store.heads import bump_settings, read_head
from tests.database import FreshDatabase, session
from tests.execution import ENVIRONMENTS, CountingMeasures, World, an_increment
from tests.integration.faults.given_leases import GivenLeases
from tests.rates import uncounted
from tests.rules import decided_by_table, decisions_by_table

VERSIONS = Path(__file__).parents[3] / "migrations" / "versions"
FUNCTION = max(VERSIONS.glob("*_commit_executions.sql"))  # as the newest revision made it
LATE_FENCE = 5
LATER_FENCE = 9


async def judged(world: World, change: Change, *, fence: int = LATE_FENCE) -> Commit:
    """Judge a change on the state that stands, and return what it would commit."""
    organization, project = world.caller.organization_id, world.project_id
    head = await read_head(world.database, organization_id=organization, project_id=project)
    tenure = Tenure(
        organization_id=organization, project_id=project, fence=fence, now=world.ids.now()
    )
    judge = Judges(ENVIRONMENTS).of("counter")
    executions = [change] if isinstance(change, Execution) else []
    decided = decided_by_table(judge, executions)
    return judge.group([change], head, tenure, decided=decided).commit


async def committed(world: World, change: Change, *, fence: int = LATE_FENCE) -> None:
    """Commit a change on the state that stands."""
    await commit(world.database, [await judged(world, change, fence=fence)])


def standing_still(value: int) -> Plan:
    """Build a plan that costs something and leaves a counter at this value where it is."""
    return Plan(steps=(Step(action="counter.set", inputs={"value": value}),))


async def reversion(world: World, *, version: int) -> Reversion:
    """Build a return to a version."""
    return Reversion(
        outcome_id=world.ids.new("rev"),
        target=await world.states.at_version(world.context, world.project_id, version=version),
        principal=world.principal,
        credential_id=world.caller.credential_id,
    )


async def another_holder_writes(world: World) -> None:
    """A later holder goes back to what stands: no version, no outcome, but its token is known."""
    await committed(world, await reversion(world, version=1), fence=LATER_FENCE)


async def a_version_appears(world: World) -> None:
    """Somebody reverts: a new version without an outcome."""
    await committed(world, await reversion(world, version=0))


async def an_outcome_appears(world: World) -> None:
    """Somebody executes what changes nothing: an outcome and a charge without a version."""
    await committed(world, world.execution(standing_still(1)))


async def settings_change(world: World) -> None:
    """Somebody changes the project's limits."""
    organization = world.caller.organization_id
    async with world.database.transaction(organization) as connection:
        await bump_settings(connection, organization_id=organization, project_id=world.project_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Pair what may happen before a commit arrives with the comparison that notices it."""

    happens: Callable[[World], Awaitable[None]]
    noticed_by: str
    error: type[Exception]


COMPARISONS = {
    "a later holder": Comparison(
        happens=another_holder_writes,
        noticed_by="heads.fence <= given.fence",
        error=StaleFenceError,
    ),
    "a version": Comparison(
        happens=a_version_appears,
        noticed_by="heads.version = given.version",
        error=StaleHeadError,
    ),
    "an outcome": Comparison(
        happens=an_outcome_appears,
        noticed_by="heads.outcomes = given.counted",
        error=StaleHeadError,
    ),
    "settings": Comparison(
        happens=settings_change,
        noticed_by="heads.settings = given.settings",
        error=StaleHeadError,
    ),
}
each_comparison = pytest.mark.parametrize("case", COMPARISONS.values(), ids=COMPARISONS.keys())


async def rows(world: World) -> list[int]:
    """Count everything that a commit writes."""
    tables = ("outcomes", "versions", "snapshots", "events", "audit_records", "idempotency_keys")
    return [await world.count(table) for table in tables]


async def arriving_late(world: World, case: Comparison) -> tuple[Commit, list[int]]:
    """Prepare a commit, let something happen, and return it with the rows that there are."""
    await committed(world, world.execution(an_increment()))
    late = await judged(world, world.execution(standing_still(1)))
    await case.happens(world)
    return late, await rows(world)


@each_comparison
async def test_a_late_commit_is_refused_and_writes_nothing(world: World, case: Comparison) -> None:
    """Each thing that may have happened since is compared in the statement that writes."""
    late, before = await arriving_late(world, case)

    with pytest.raises(case.error):
        await commit(world.database, [late])

    assert await rows(world) == before


@each_comparison
async def test_each_comparison_is_what_keeps_a_late_commit_out(
    world: World, database: FreshDatabase, case: Comparison
) -> None:
    """With any one of them gone, the late commit is written: none stands in for another."""
    late, before = await arriving_late(world, case)
    text = FUNCTION.read_text(encoding="utf-8").replace(
        "create function", "create or replace function"
    )
    assert text.count(case.noticed_by) == 1
    async with session(database.owner_url) as owner:
        await owner.execute(text.replace(case.noticed_by, "true"))

    await commit(world.database, [late])

    assert await rows(world) != before


@asynccontextmanager
async def lines_under(
    world: World, tokens: Sequence[int], *, commits: Commits | None = None
) -> AsyncIterator[tuple[World, GivenLeases]]:
    """Open the lines of a process that is granted these tokens."""
    leases, measures = GivenLeases(tokens), CountingMeasures()
    lines = Lines(
        Needs(
            database=world.database,
            commits=commits or Commits(world.database),
            leases=leases,
            judge=Judges(ENVIRONMENTS).of,
            decisions=decisions_by_table(world.database, SystemClock()),
            past=Past(world.database),
            rates=uncounted(world.database),
            clock=SystemClock(),
            measures=measures,
        ),
        expired_keys=ExpiredKeys(world.database, SystemClock()),
    )
    try:
        yield replace(world, lines=lines, leases=leases, measures=measures), leases
    finally:
        await lines.close()


class Outrun(Commits):
    """Write only after an earlier holder did, who knows of no other, until it is refused."""

    def __init__(self, world: World) -> None:
        super().__init__(world.database)
        self._world = world
        self.outran = 0

    @override
    async def write(self, group: Commit) -> Mapping[Counter, int]:
        with suppress(StaleFenceError):
            await committed(self._world, self._world.execution())
            self.outran += 1
        return await super().write(group)


async def moved(world: World) -> int:
    """Move the counter by one through the world's lines, and return the version that it made."""
    executed = await world.lines.join(
        world.execution(),
        project_id=world.project_id,
        standing=world.standing,
        patience_s=5,
    )
    return executed.version


async def test_an_overtaken_holder_starts_over_under_a_later_token(world: World) -> None:
    """Its commit is refused; it asks for a token above the one that storage knows, and retries."""
    async with lines_under(world, [7, 10]) as (place, leases):
        first = await moved(place)
        await committed(world, world.execution(), fence=LATER_FENCE)
        second = await moved(place)

    assert (first, second) == (1, 3)
    assert leases.floors == [0, LATER_FENCE]
    assert place.measures.refused_fences == 1


async def test_a_token_below_the_one_that_storage_knows_is_raised(world: World) -> None:
    """A Redis that forgot its counters grants small ones; the head says what they must be above."""
    await committed(world, world.execution(), fence=LATER_FENCE)

    async with lines_under(world, [1]) as (place, leases):
        version = await moved(place)

    assert version == 2
    assert leases.granted[0].floors == [LATER_FENCE]
    assert place.measures.refused_fences == 0


async def test_a_holder_that_is_always_faster_is_shut_out(world: World) -> None:
    """A Redis that forgot lets two hold a project; the later one need not win a race to write."""
    commits = Outrun(world)
    async with lines_under(world, [LATER_FENCE], commits=commits) as (place, _):
        version = await moved(place)

    assert commits.outran == 1
    assert version == 2


async def test_a_lease_that_is_lost_while_it_is_judged_commits_nothing(world: World) -> None:
    """The holder looks at its clock right before it sends, and acquires anew."""
    async with lines_under(world, [3, 4]) as (place, leases):
        await moved(place)
        leases.granted[0].lose()
        version = await moved(place)

    assert version == 2
    assert [lease.token for lease in leases.granted] == [3, 4]
