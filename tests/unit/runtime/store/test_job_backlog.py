"""Who drains learns whether anybody's jobs wait or run, and nothing else of them."""

from __future__ import annotations

import pytest

from runtime.store.job_backlog import none_left
from tests.database import FreshDatabase, session

ORGANIZATION = "org_01KDVDNA000000000000000000"
WAITING = (
    "insert into outbox (tenant, job_id, project_id, priority, not_before, alone, handed) "
    "values ($1, 'job_1', 'prj_1', 4, now() + interval '1 day', false, 0)"
)
LEASED = "insert into job_leases (tenant, worker, until) values ($1, '{}', now() {} interval '1 h')"


async def test_nothing_is_left_where_nothing_ever_was(database: FreshDatabase) -> None:
    """An empty database is drained."""
    assert await none_left(database, worker="w")


@pytest.mark.parametrize(
    ("statement", "left"),
    [
        pytest.param(WAITING, True, id="a job that waits, until tomorrow"),
        pytest.param(LEASED.format("other", "+"), True, id="another worker has some"),
        pytest.param(LEASED.format("other", "-"), True, id="another worker died with some"),
        pytest.param(LEASED.format("w-1", "+"), False, id="a process of one's own"),
        pytest.param(LEASED.format("w", "+"), False, id="oneself"),
    ],
)
async def test_what_waits_and_what_others_have_is_left(
    database: FreshDatabase, statement: str, *, left: bool
) -> None:
    """Also what has to be taken from the dead first."""
    async with session(database.urls.superuser_url) as superuser:
        await superuser.execute(statement, ORGANIZATION)

    assert await none_left(database, worker="w") is not left
