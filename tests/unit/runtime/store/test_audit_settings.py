"""What an organization demands of its records is kept as it was said last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from runtime.kit.clock import SystemClock
from runtime.services.context import Ids
from runtime.store.audit_reconciliations import take_turn
from runtime.store.audit_settings import AuditSettings, put_audit_settings, read_audit_settings
from tests.database import FreshDatabase
from tests.execution import a_caller, a_project

NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


async def an_organization(database: FreshDatabase) -> str:
    """Make an organization."""
    caller = a_caller(Ids(SystemClock()))
    await a_project(database, caller)
    return caller.organization_id


async def put(
    database: FreshDatabase,
    organization: str,
    *,
    strict: bool,
    keep_days: int | None = None,
    now: datetime = NOW,
) -> AuditSettings:
    """Put settings, and return what is read then."""
    async with database.transaction(organization) as connection:
        await put_audit_settings(
            connection,
            organization,
            strict=strict,
            keep_days=keep_days,
            changed_by="mem_01KDVDNA000000000000000000",
            now=now,
        )
    async with database.transaction(organization, read_only=True) as connection:
        return await read_audit_settings(connection, organization)


async def test_who_said_nothing_demands_nothing(database: FreshDatabase) -> None:
    """There is no row for most organizations."""
    organization = await an_organization(database)

    async with database.transaction(organization, read_only=True) as connection:
        assert await read_audit_settings(connection, organization) == AuditSettings()


async def test_strict_mode_lasts_since_it_began(database: FreshDatabase) -> None:
    """Other changes leave its beginning alone; ended and begun again, it begins anew."""
    organization = await an_organization(database)
    seen = [
        await put(database, organization, strict=strict, keep_days=days, now=NOW + hours * HOUR)
        for hours, (strict, days) in enumerate(
            [(False, 30), (True, 30), (True, 60), (False, None), (True, None)]
        )
    ]

    assert seen == [
        AuditSettings(strict=False, keep_days=30),
        AuditSettings(strict=True, strict_since=NOW + HOUR, keep_days=30),
        AuditSettings(strict=True, strict_since=NOW + HOUR, keep_days=60),
        AuditSettings(),
        AuditSettings(strict=True, strict_since=NOW + 4 * HOUR),
    ]


@pytest.mark.parametrize("days", [0, 36_501])
async def test_other_times_are_refused(database: FreshDatabase, days: int) -> None:
    """A day at least, and a hundred years at most."""
    organization = await an_organization(database)

    with pytest.raises(IntegrityError, match="audit_settings_keep_check"):
        await put(database, organization, strict=False, keep_days=days)


async def test_who_was_strict_is_compared(database: FreshDatabase) -> None:
    """Copies of an organization that ever was strict are compared; others have none."""
    strict, other = await an_organization(database), await an_organization(database)
    await put(database, strict, strict=True)
    await put(database, strict, strict=False)
    await put(database, other, strict=False)

    turns = [await take_turn(database, every_s=60.0) for _ in range(2)]

    assert [turn and turn.organization_id for turn in turns] == [strict, None]
