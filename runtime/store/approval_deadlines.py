"""Say when requests for approval end, and nothing of them, for whoever tells of it for all tenants.

A trigger fills the table as requests are made. Who takes a deadline away tells of it in the same
transaction, or nobody does: so it is told once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Index, delete
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row
from runtime.store.session import Database, read_row

_PASSED: Final = """
with passed as (
  select tenant, approval_id from approval_deadlines
  where expires_at <= now() - make_interval(secs => $1) order by expires_at limit $2
)
select array_agg(tenant) as tenants, array_agg(approval_id) as approvals from passed
"""


class ApprovalDeadlineRow(Row):
    """Until when a request may be granted and used."""

    __tablename__ = "approval_deadlines"
    __table_args__ = (Index("approval_deadlines_passed", "expires_at"),)

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    approval_id: Mapped[Id] = mapped_column(primary_key=True)
    expires_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """Name a request whose time is over."""

    organization_id: str
    approval_id: str


async def passed_deadlines(
    database: Database, *, since_s: float, most: int
) -> tuple[Deadline, ...]:
    """Return deadlines that passed so long ago by the database's clock, the oldest first.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _PASSED, since_s, most)
    if row is None or row["tenants"] is None:
        return ()
    return tuple(
        Deadline(organization_id=tenant, approval_id=approval)
        for tenant, approval in zip(row["tenants"], row["approvals"], strict=True)
    )


async def take_deadline(connection: AsyncConnection, deadline: Deadline) -> bool:
    """Take a deadline away, and say whether it was there: then it is the caller's to tell of."""
    row = ApprovalDeadlineRow
    taken = await connection.execute(
        delete(row)
        .where(row.tenant == deadline.organization_id, row.approval_id == deadline.approval_id)
        .returning(row.approval_id)
    )
    return taken.first() is not None
