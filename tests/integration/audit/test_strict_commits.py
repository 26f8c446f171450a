"""Nothing of a strict organization is committed before an immutable copy is written."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import asyncpg
import pytest

from runtime.domain.errors import AuditUnavailableError, StaleHeadError
from runtime.domain.plan import Plan, Step
from runtime.kit.clock import FixedClock, SystemClock
from runtime.ports.audit_copies import NewCopy
from runtime.services.execution.commits import Commits
from runtime.services.readiness import DegradedError
from runtime.store.executions import Commit, UncopiedError, commit
from tests.database import FreshDatabase, session
from tests.execution import a_project, an_increment, opened
from tests.integration.execution.test_sharing import a_commit, all_written
from tests.jobs import until
from tests.strict import StrictWorld, a_strict_world
from tests.worm import Fault

_COPIES = "select record_id, leaf, name from audit_copies order by record_id"
_LEAVES = "select id, hash from audit_leaves order by id"


async def test_what_is_acknowledged_has_a_copy_that_is_its_leaf(strict: StrictWorld) -> None:
    """Copy, stored receipt and leaf of the log are of the same bytes."""
    outcome = await strict.world.execute(an_increment(3))
    await strict.sequence()

    assert outcome["status"] == "done"
    (leaf,) = await strict.rows(_LEAVES)
    (copy,) = await strict.rows(_COPIES)
    (line,) = strict.lines()
    assert leaf == copy[:2] == (line.record_id, line.leaf)
    assert str(strict.sink.objects()[0]).startswith(f"{strict.sink.folder}/{copy[2]}")


async def test_who_becomes_strict_waits_for_commits_that_do_not_know_it(
    database: FreshDatabase, redis_url: str, tmp_path: Path
) -> None:
    """Once strict mode is acknowledged, nothing more is committed without a copy."""
    async with AsyncExitStack() as stack:
        strict = await a_strict_world(stack, database, redis_url, tmp_path, strict=False)
        async with session(database.urls.app_url) as late:
            async with late.transaction():
                await late.execute("select commit_executions($1, '[]', null)", strict.organization)
                asked = asyncio.create_task(strict.demand())
                await until(lambda: _held_up(late))
                assert not asked.done()
            await asked


async def _held_up(connection: asyncpg.Connection[asyncpg.Record]) -> bool:
    return bool(await connection.fetchval("select count(*) from pg_locks where not granted"))


async def test_refusals_are_copied_too(strict: StrictWorld) -> None:
    """Whatever an execution records is copied."""
    await strict.world.execute(an_increment(3))
    await strict.world.execute(Plan(steps=(Step(action="counter.explode"),)))
    await strict.sequence()

    leaves, copies = await strict.rows(_LEAVES), await strict.rows(_COPIES)
    assert len(leaves) == 2
    assert leaves == [copy[:2] for copy in copies]


async def test_without_a_sink_nothing_is_done(
    strict: StrictWorld, database: FreshDatabase, redis_url: str
) -> None:
    """A process that knows no sink commits nothing of a strict organization."""
    async with AsyncExitStack() as stack:
        bare = await opened(
            stack,
            database,
            redis_url,
            caller=strict.world.caller,
            project_id=strict.world.project_id,
        )
        with pytest.raises(AuditUnavailableError, match="no immutable sink is configured"):
            await bare.execute(an_increment())

        assert await bare.counter() == 0
        assert await bare.count("outcomes") == await bare.count("audit_records") == 0


@pytest.mark.parametrize(
    "fault", [Fault.DOWN, Fault.SLOW, Fault.TRUNCATES, Fault.DROPS, Fault.OTHER]
)
async def test_a_sink_that_fails_keeps_everything_undone(strict: StrictWorld, fault: Fault) -> None:
    """Nothing is applied while no copy is proven, and everything works once the sink is well."""
    strict.sink.fault = fault
    with pytest.raises(AuditUnavailableError, match="nothing was done, try again later"):
        await strict.world.execute(an_increment(), key="k1")
    undone = await strict.world.counter(), await strict.world.count("idempotency_keys")
    strict.sink.fault = Fault.NONE
    await strict.world.execute(an_increment(), key="k1")

    assert undone == (0, 0)
    assert await strict.world.counter() == 1
    assert strict.measures.refused == 1
    (why,) = strict.measures.whys
    assert re.search("it is (down|drops)|has not proven a copy in|reads back|something else", why)
    assert len(await strict.rows(_COPIES)) == 1


async def test_the_next_sink_takes_over(
    database: FreshDatabase, redis_url: str, tmp_path: Path
) -> None:
    """One immutable copy is enough, wherever it is."""
    async with AsyncExitStack() as stack:
        strict = await a_strict_world(stack, database, redis_url, tmp_path, sinks=2)
        strict.sink.fault = Fault.TRUNCATES
        await strict.world.execute(an_increment())

        assert await strict.rows("select sink from audit_copies") == [(strict.sinks[1].name,)]


async def test_a_sink_that_keeps_failing_is_left_alone_for_a_second(
    database: FreshDatabase, redis_url: str, tmp_path: Path
) -> None:
    """After three failures callers are refused at once; a second later the sink is asked again."""
    clock = FixedClock(SystemClock().now())
    async with AsyncExitStack() as stack:
        strict = await a_strict_world(stack, database, redis_url, tmp_path, clock=clock)
        strict.sink.fault = Fault.DOWN
        for _ in range(3):
            with pytest.raises(AuditUnavailableError):
                await strict.world.execute(an_increment())
        began_s = perf_counter()
        with pytest.raises(AuditUnavailableError, match="no immutable sink answers"):
            await strict.copying.shipped(strict.organization, [])
        took_s = perf_counter() - began_s
        with pytest.raises(AuditUnavailableError):
            await strict.world.execute(an_increment())

        assert took_s < 0.01
        assert (strict.sink.puts, strict.measures.reachable) == (3, [False])

        strict.sink.fault = Fault.NONE
        clock.advance(timedelta(seconds=1))
        with pytest.raises(DegradedError):
            await strict.copying.ready()  # asks the sink

        async def reachable() -> bool:
            return strict.measures.reachable == [False, True]

        await until(reachable)
        await strict.copying.ready()
        await strict.world.execute(an_increment())


async def test_strict_mode_begins_and_ends_while_a_process_works(
    database: FreshDatabase, redis_url: str, tmp_path: Path
) -> None:
    """What is committed after the settings obeys them; no process has to be told."""
    async with AsyncExitStack() as stack:
        strict = await a_strict_world(stack, database, redis_url, tmp_path, strict=False)
        await strict.world.execute(an_increment())
        before = strict.sink.puts
        await strict.demand()
        await strict.world.execute(an_increment())
        during = strict.sink.puts
        await strict.demand(strict=False)
        await strict.world.execute(an_increment())

        assert (before, during) == (0, 1)
        assert await strict.world.counter() == 3


async def test_other_organizations_are_not_slowed_or_copied(
    strict: StrictWorld, tmp_path: Path, database: FreshDatabase, redis_url: str
) -> None:
    """Only the strict one waits for a sink."""
    strict.sink.fault = Fault.DOWN
    async with AsyncExitStack() as stack:
        other = await a_strict_world(stack, database, redis_url, tmp_path / "other", strict=False)
        await other.world.execute(an_increment())

        assert await other.world.counter() == 1
        assert other.sink.puts == 0


async def test_what_waits_together_shares_an_object(
    strict: StrictWorld, database: FreshDatabase
) -> None:
    """Of forty projects two go ahead, and all others follow in one object."""
    caller = strict.world.caller
    projects = [await a_project(database, caller) for _ in range(40)]
    groups = [await a_commit(strict.world, project=project) for project in projects]
    commits = Commits(database, copies=strict.copying)

    told = await all_written(commits, groups)

    assert told == [None] * 40
    assert sum(strict.measures.objects) == 40
    assert len(strict.measures.objects) <= 3
    assert len(await strict.rows(_COPIES)) == 40


async def test_copies_are_kept_while_one_to_blame_is_found(
    strict: StrictWorld, database: FreshDatabase
) -> None:
    """A moved head among good commits is told; the others are stored with the copies they have."""
    caller = strict.world.caller
    projects = [await a_project(database, caller) for _ in range(6)]
    commits = Commits(database, copies=strict.copying)
    moved = await a_commit(strict.world, project=projects[0])
    await commits.write(await a_commit(strict.world, project=projects[0]))
    groups = [await a_commit(strict.world, project=project) for project in projects[1:]]

    told = await all_written(commits, [*groups[:2], moved, *groups[2:]])

    assert [type(error) for error in told] == [
        *[type(None)] * 2, StaleHeadError, *[type(None)] * 3
    ]  # fmt: skip
    assert sum(strict.measures.objects) == 7
    assert len(await strict.rows(_COPIES)) == 6


async def copied(strict: StrictWorld, group: Commit) -> NewCopy:
    """Copy the one record of a group."""
    (record,) = group.records
    (copy,) = await strict.copying.shipped(strict.organization, [(record, group.at)])
    return copy


ALTERED: Final = {
    "of another record": {"record_id": "aud_01KDVDNA000000000000000000"},
    "of another document": {"document": "sha256:" + 64 * "0"},
    "of another instant": {"at": datetime(2026, 1, 1, tzinfo=UTC)},
}


@pytest.mark.parametrize("changes", ALTERED.values(), ids=ALTERED)
async def test_a_copy_of_something_else_is_none(
    strict: StrictWorld, changes: dict[str, Any]
) -> None:
    """The database compares what was copied with what is recorded, and refuses the commit."""
    group = await a_commit(strict.world, project=strict.world.project_id)
    copy = await copied(strict, group)

    with pytest.raises(UncopiedError):
        await commit(strict.world.database, [group], copies=[replace(copy, **changes)])
    undone = await strict.world.count("audit_records"), len(await strict.rows(_COPIES))
    await commit(strict.world.database, [group], copies=[copy])

    assert undone == (0, 0)
    assert await strict.world.count("audit_records") == 1


async def test_each_record_of_a_commit_needs_a_copy(
    strict: StrictWorld, database: FreshDatabase
) -> None:
    """One that has none keeps all of them out."""
    other = await a_project(database, strict.world.caller)
    groups = [
        await a_commit(strict.world, project=project)
        for project in (strict.world.project_id, other)
    ]
    copy = await copied(strict, groups[0])

    with pytest.raises(UncopiedError):
        await commit(strict.world.database, groups, copies=[copy])

    assert await strict.world.count("outcomes") == 0


async def test_a_head_that_moves_leaves_an_orphan_and_a_copy_of_what_was_committed(
    strict: StrictWorld, database: FreshDatabase, redis_url: str
) -> None:
    """What is judged anew keeps its id and is copied anew: the copy is of what was committed."""
    world = strict.world
    await world.execute(an_increment())
    async with world.database.transaction(strict.organization) as connection:
        await connection.exec_driver_sql("update heads set settings = settings + 1")
    await world.execute(an_increment())
    await strict.sequence()

    copies = await strict.rows(_COPIES)
    lines = [(line.record_id, line.leaf) for line in strict.lines()]
    assert [copy[:2] for copy in copies] == await strict.rows(_LEAVES)
    assert len(lines) == 3
    assert len({record for record, _ in lines}) == 2
