"""Store audit records that stand alone, many by one statement, which is a transaction of its own.

One round trip where a transaction of four takes five: simulations wait for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from runtime.domain.record import AuditRecord
from runtime.store.jobs import called
from runtime.store.session import Database, tenant

# The tenant is set before the first row is there to be judged by row security.
_ADD: Final = """
with whose as materialized (
  select set_config('app.organization_id', $1, true) as organization_id
)
insert into audit_records
  (organization_id, id, project_id, principal_id, kind, document, digest, created_at)
select whose.organization_id, new.id, new.project_id, new.principal_id, new.kind, new.document,
  new.digest, new.created_at
from whose cross join unnest(
    $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::timestamptz[]
  ) with ordinality
  as new (id, project_id, principal_id, kind, document, digest, created_at, place)
order by new.place
"""


async def record_at_once(
    database: Database, stamped: Sequence[tuple[AuditRecord, datetime]], *, organization_id: str
) -> None:
    """Store records of one organization, each with the instant of what it says; all or none.

    Raises:
        StorageUnavailableError: the database can't be asked, or its answer was lost.
        StorageRefusedError: the database refuses one of them, and will again.
    """
    records = [record for record, _ in stamped]
    await called(
        database,
        _ADD,
        tenant(organization_id),
        [record.id for record in records],
        [record.project_id for record in records],
        [record.principal_id for record in records],
        [record.kind for record in records],
        [record.document for record in records],
        [record.digest for record in records],
        [at for _, at in stamped],
    )
