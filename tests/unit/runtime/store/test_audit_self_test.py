"""Whatever keeps the app's role from recording is found before it serves."""

from __future__ import annotations

import pytest

from runtime.bootstrap.platform import check_database
from runtime.domain.errors import StorageRefusedError
from runtime.store import doctor
from runtime.store.audit_self_test import audit_problem
from runtime.store.one_connection import connected
from runtime.store.symptoms import Check
from tests.database import APP, DatabaseUrls, session

OBSTACLES = [
    pytest.param(
        "create policy none on audit_records as restrictive for insert with check (false)",
        id="a policy lets none be written",
    ),
    pytest.param(
        "create policy none on audit_records as restrictive for select using (false)",
        id="a policy lets none be read",
    ),
    pytest.param(f"revoke insert on audit_records from {APP}", id="no right to write"),
    pytest.param(f"revoke all on audit_leaves from {APP}", id="no right to read"),
    pytest.param(f"revoke insert on audit_outbox from {APP}", id="none is announced"),
    pytest.param(
        "alter table audit_records add constraint none check (kind = 'x') not valid",
        id="a constraint lets none be written",
    ),
]


async def written(urls: DatabaseUrls) -> int:
    """Count what is there of organizations and records."""
    async with session(urls.superuser_url) as superuser:
        return int(
            await superuser.fetchval(
                "select (select count(*) from audit_records) + (select count(*) from organizations)"
            )
        )


async def test_a_healthy_database_takes_a_record_and_keeps_none(
    database_urls: DatabaseUrls,
) -> None:
    """Neither the record nor the organization that it was written for."""
    before = await written(database_urls)
    async with connected(database_urls.app_url) as connection:
        assert await audit_problem(connection) == ""

    await check_database(database_urls.app_url)
    assert await written(database_urls) == before


@pytest.mark.parametrize("obstacle", OBSTACLES)
async def test_what_keeps_from_recording_keeps_from_serving(
    database_urls: DatabaseUrls, obstacle: str
) -> None:
    """By whatever means."""
    async with session(database_urls.owner_url) as owner:
        await owner.execute(obstacle)

    with pytest.raises(StorageRefusedError, match="plangate db doctor"):
        await check_database(database_urls.app_url)
    assert await doctor.diagnose(database_urls.app_url) != ()


async def test_the_doctor_finds_what_no_other_check_sees(database_urls: DatabaseUrls) -> None:
    """A constraint is no grant and no policy."""
    async with session(database_urls.owner_url) as owner:
        await owner.execute(
            "alter table audit_records add constraint none check (kind = 'x') not valid"
        )

    found = await doctor.diagnose(database_urls.app_url)

    assert [(item.check, item.subject) for item in found] == [(Check.AUDIT, "audit_records")]
