"""Each dependency is asked with patience that ends, and not more often than once a second."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from runtime.domain.errors import SchemaMismatchError
from runtime.kit.clock import FixedClock
from runtime.services.readiness import Readiness, database_probe
from tests.database import FreshDatabase


class Dependency:
    """Answer, fail or keep silent, and count who asks."""

    def __init__(self, error: Exception | None = None, *, silent: bool = False) -> None:
        self.error = error
        self.silent = silent
        self.count = 0

    async def __call__(self) -> None:
        """Do as told."""
        self.count += 1
        if self.silent:
            await asyncio.Event().wait()
        if self.error is not None:
            raise self.error


@pytest.fixture
def clock() -> FixedClock:
    """Stand still."""
    return FixedClock(datetime(2026, 1, 1, tzinfo=UTC))


async def test_one_that_is_down_does_not_hide_the_others(clock: FixedClock) -> None:
    """Whatever it fails with, and however long it is silent."""
    probes = {
        "good": Dependency(),
        "broken": Dependency(OSError("10.0.0.7 refused")),
        "silent": Dependency(silent=True),
    }
    readiness = Readiness(probes, clock, patience_s=0.05)

    found = await readiness.found()

    assert {name: item.up for name, item in found.items()} == {
        "good": True,
        "broken": False,
        "silent": False,
    }
    assert "10.0.0.7" not in repr(found)


async def test_a_crowd_asks_once_a_second(clock: FixedClock) -> None:
    """So that whoever watches closely costs nothing."""
    dependency = Dependency()
    readiness = Readiness({"database": dependency}, clock)

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(readiness.found())
    await readiness.found()
    clock.advance(timedelta(seconds=1))
    await readiness.found()
    await readiness.close()

    assert dependency.count == 2


async def test_without_dependencies_there_is_nothing_to_wait_for(clock: FixedClock) -> None:
    """As where only proposals are evaluated."""
    assert await Readiness({}, clock).found() == {}


async def test_the_database_is_ready_at_the_needed_revision_alone(
    database: FreshDatabase,
) -> None:
    """Another one, older or newer, is refused."""
    probe = database_probe(database)
    await probe()
    owner = await asyncpg.connect(database.owner_url)
    await owner.execute("update alembic_version set version_num = '0000'")
    await owner.close()

    with pytest.raises(SchemaMismatchError, match="0000"):
        await probe()
