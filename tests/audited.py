"""Read what is recorded, whether it waits for its number or stands in the log."""

from __future__ import annotations

from dataclasses import dataclass

from runtime.bootstrap.audit_desk import access_refusals as wired
from runtime.kit.clock import Clock
from runtime.services.audit.access_refusals import AccessRefusals
from runtime.services.audit.recorder import Recorder
from runtime.services.context import Ids
from runtime.store.session import Database
from tests.database import session

RECORDED = """
select id, kind, principal_id, organization_id from audit_records
union all
select id, kind, principal_id, organization_id from audit_leaves
order by id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """Hold of a record what its header says."""

    id: str
    kind: str
    principal: str
    organization: str


async def recorded(superuser_url: str) -> tuple[Recorded, ...]:
    """Return the records of all organizations, in the order of their ids."""
    async with session(superuser_url) as superuser:
        rows = await superuser.fetch(RECORDED)
    return tuple(
        Recorded(
            id=row["id"],
            kind=row["kind"],
            principal=row["principal_id"],
            organization=row["organization_id"],
        )
        for row in rows
    )


def access_refusals(database: Database, clock: Clock) -> AccessRefusals:
    """Build what records refusals, for an app that has not the whole platform."""
    return wired(Recorder(database, Ids(clock)), database=database, clock=clock)
