"""Tests of effects that run while their secrets are rotated, against a real receiver."""

from __future__ import annotations

from runtime.services.secrets.prefixes import read_prefix
from tests.database import FreshDatabase
from tests.secret_keeping import down
from tests.secret_rotating import rotated_under_load
from tests.secret_site import SPACE, named, secret_site


async def test_no_job_fails_while_secrets_are_rotated(
    database: FreshDatabase, redis_url: str
) -> None:
    """The receiver refuses the old value at once; old and new overlap nowhere."""
    found = await rotated_under_load(database, redis_url, rotations=50, jobs_each=4)

    assert found.statuses == {"done": 200}
    assert found.refused >= 25
    assert found.tried_again <= 20, "a value that changed twice within one call comes again"
    assert found.fetches <= 2 * 50 + 1


async def test_jobs_of_an_outage_wait_for_its_end(database: FreshDatabase, redis_url: str) -> None:
    """A secret that can't be read leaves the job for later, and nothing is sent."""
    async with secret_site(
        database, redis_url, secrets={"crm": named("crm")}, headers={"box.tell@1": ["crm"]}
    ) as site:
        site.rotate("crm", "hunter2", "1")
        site.provider.fails = down
        await site.put("box.tell@1")
        await site.deliver()
        assert site.receiver.received == []
        assert await site.statuses() == {"waiting": 1}
        row = await site.superuser.fetchrow("select * from jobs")
        assert "hunter2" not in str(row)

        site.provider.fails = None
        site.reader.invalidate(read_prefix(SPACE))
        await site.finish()
        assert await site.statuses() == {"done": 1}
