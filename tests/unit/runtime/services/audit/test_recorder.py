"""What only asks is recorded before its answer, and many at once by few commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from runtime.domain.errors import StorageRefusedError, StorageUnavailableError
from runtime.domain.record import AuditRecord
from runtime.services.audit.recorder import MOST_WAITING, Recorder
from tests.execution import World, redis_url, world

__all__ = ["redis_url", "world"]


@pytest_asyncio.fixture
async def recorder(world: World) -> AsyncIterator[Recorder]:
    """Open a recorder."""
    opened = Recorder(world.database, world.ids)
    yield opened
    await opened.close()


async def commits_of(world: World) -> dict[int, int]:
    """Return how many records each transaction wrote."""
    async with world.database.transaction(world.caller.organization_id) as connection:
        asked = text("select position, count(*) from audit_records group by position")
        return {row[0]: row[1] for row in await connection.execute(asked)}


async def test_who_asked_is_answered_once_it_is_stored(world: World, recorder: Recorder) -> None:
    """With the credential that asked."""
    await recorder.write(world.caller, "plan.simulated", {"status": "done"})

    async with world.database.transaction(world.caller.organization_id) as connection:
        found = await connection.execute(
            text("select principal_id, kind, document::json->>'credential' from audit_records")
        )
    assert [tuple(row) for row in found] == [
        (world.caller.member_id, "plan.simulated", world.caller.credential_id)
    ]


async def test_many_at_once_share_commits(world: World, recorder: Recorder) -> None:
    """The first goes alone; those that came meanwhile go together."""
    async with asyncio.TaskGroup() as group:
        for number in range(300):
            group.create_task(recorder.write(world.caller, "plan.simulated", {"n": number}))

    commits = await commits_of(world)
    assert sum(commits.values()) == 300
    assert len(commits) <= 4


async def test_a_failure_is_told_to_whom_it_concerns_and_others_go_on(
    world: World, recorder: Recorder
) -> None:
    """A record that can't be stored says so; the next one is stored."""
    record = AuditRecord.of(
        {}, record_id=world.ids.new("aud"), principal_id="p", kind="k", project_id=None
    )
    organization = world.caller.organization_id
    await recorder.add(record, organization_id=organization)
    first = asyncio.create_task(recorder.write(world.caller, "plan.simulated", {}))
    await asyncio.sleep(0)  # it is on its way, so that the next ones go together
    again = asyncio.create_task(recorder.add(record, organization_id=organization))
    beside = asyncio.create_task(recorder.write(world.caller, "plan.simulated", {}))

    with pytest.raises(StorageRefusedError):
        await again
    await first
    await beside

    assert sum((await commits_of(world)).values()) == 3


async def test_what_is_past_the_bound_is_refused_at_once(world: World, recorder: Recorder) -> None:
    """Memory is bounded, whatever is asked; nothing that was let in is lost."""
    async with asyncio.TaskGroup() as group:
        writing = [
            group.create_task(
                asyncio.wait_for(recorder.write(world.caller, "plan.simulated", {}), None)
            )
            for _ in range(MOST_WAITING)
        ]
        await asyncio.sleep(0)  # each has begun to wait
        with pytest.raises(StorageUnavailableError, match="too many"):
            await recorder.write(world.caller, "plan.simulated", {})

    assert len(writing) == MOST_WAITING
    assert sum((await commits_of(world)).values()) == MOST_WAITING


async def test_who_goes_away_leaves_no_record_out(world: World, recorder: Recorder) -> None:
    """It was asked, whether or not anybody waits for the answer."""
    writing = asyncio.create_task(recorder.write(world.caller, "plan.simulated", {}))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await recorder.close()

    assert sum((await commits_of(world)).values()) == 1
