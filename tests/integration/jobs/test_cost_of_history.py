"""What it takes to take, begin and end jobs does not grow with the jobs that were."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import orjson
import pytest

from tests.database import Connection, FreshDatabase, session
from tests.waiting_jobs import a_waiting_tenant

ROUNDS: Final = 150
EACH: Final = 4


@pytest.mark.parametrize("part", range(3), ids=["take", "begin", "end"])
async def test_jobs_are_found_by_their_ids_however_many_there_were(
    database: FreshDatabase, part: int
) -> None:
    """A session that met the tables while they were empty reads as little when they are full.

    Nobody has counted the rows for the planner yet, as on the first day of an installation.
    """
    tenant = await a_waiting_tenant(database)
    pages = []
    async with session(database.app_url) as worker:
        for _ in range(ROUNDS):
            ids = await tenant.put(EACH)
            pages.append((await _pages_of_a_round(worker, tenant.id, ids))[part])

    early, late = sum(pages[3:6]), sum(pages[-3:])
    assert late <= 1.6 * early, pages


async def _pages_of_a_round(worker: Connection, tenant: str, ids: Sequence[str]) -> Sequence[int]:
    """Take, begin and end jobs, and return how many pages were looked at for each."""
    asked = orjson.dumps([{"organization": tenant, "ids": ids}]).decode()
    ends = [
        {"organization": tenant, "id": each, "attempt": 1, "status": "done", "failed": False}
        for each in ids
    ]
    return [
        await _pages(worker, "claim_of_tenant($1, 100, 60, 100)", tenant),
        await _pages(worker, "begin_many($1, 'w', 15, 3)", asked),
        await _pages(worker, "finish_many('w', $1)", orjson.dumps(ends).decode()),
    ]


async def _pages(worker: Connection, call: str, value: str) -> int:
    """Call a function, and return how many pages of tables and indexes it looked at."""
    asked = f"explain (analyze, buffers, format json) select * from {call}"  # noqa: S608  # ours
    explained = await worker.fetchval(asked, value)
    pages: int = orjson.loads(explained)[0]["Plan"]["Shared Hit Blocks"]
    return pages
