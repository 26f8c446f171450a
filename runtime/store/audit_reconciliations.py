"""Keep how far copies were compared with logs, and objects of sinks with copies.

Both tables serve all tenants, and say nothing of anybody. Who takes a turn moves its time, so that
the next one to look takes another; should a turn be taken twice, the same is found twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Text, text
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.audit_leaf import Leaf
from runtime.store.base import Id, Instant, Row
from runtime.store.session import Database, read_row

_BEGIN: Final = text(
    "insert into audit_reconciliations (tenant, sequence, taken_at) "
    "values (:tenant, 0, 'epoch') on conflict do nothing"
)
_TAKE: Final = """
update audit_reconciliations set taken_at = now() where tenant = (
  select tenant from audit_reconciliations
  where taken_at <= now() - make_interval(secs => $1)
  order by taken_at, tenant limit 1 for update skip locked)
returning tenant, sequence
"""
_SETTLE: Final = """
update audit_reconciliations set sequence = $3,
  taken_at = case when $4 then 'epoch' else taken_at end
where tenant = $1 and sequence = $2
"""
_TAKE_LISTING: Final = """
insert into audit_listings as kept (sink, name, taken_at) values ($1, '', now())
on conflict (sink) do update set taken_at = now()
  where kept.taken_at <= now() - make_interval(secs => $2)
returning kept.name
"""
_SETTLE_LISTING: Final = """
update audit_listings set name = $3, taken_at = case when $4 then 'epoch' else taken_at end
where sink = $1 and name = $2
"""
_DUE: Final = """
update audit_reconciliations set taken_at = 'epoch',
  sequence = case when $1 then 0 else sequence end
"""
_DUE_LISTINGS: Final = """
update audit_listings set taken_at = 'epoch', name = case when $1 then '' else name end
"""
_RECORDS: Final = text("""
select sequence, id, kind, at, hash from audit_leaves
where organization_id = :organization and sequence >= :sequence order by sequence limit :most
""")
_LEAF: Final = text("""
select kind, principal_id, project_id, at, key_id, payload, commitment from audit_leaves
where organization_id = :organization and id = :record
""")


class AuditReconciliationRow(Row):
    """How far an organization's leaves were compared with their copies."""

    __tablename__ = "audit_reconciliations"

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger)
    taken_at: Mapped[Instant]


class AuditListingRow(Row):
    """How far the objects of a sink were read."""

    __tablename__ = "audit_listings"

    sink: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    taken_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Name an organization whose leaves are to be compared, from a number on."""

    organization_id: str
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRecord:
    """Say which leaf of a log a record is."""

    sequence: int
    id: str
    kind: str
    at: datetime
    leaf: str


async def reconcile_from_now_on(connection: AsyncConnection, organization_id: str) -> None:
    """See to it that copies of an organization are compared."""
    await connection.execute(_BEGIN, {"tenant": organization_id})


async def take_turn(database: Database, *, every_s: float) -> Turn | None:
    """Take the organization that was looked at the longest ago; None: all were of late.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _TAKE, every_s)
    return None if row is None else Turn(organization_id=row["tenant"], sequence=row["sequence"])


async def settle_turn(database: Database, turn: Turn, *, sequence: int, more: bool) -> None:
    """Keep from which number on an organization is to be compared next, at once if there is more.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    await read_row(database, _SETTLE, turn.organization_id, turn.sequence, sequence, more)


async def take_listing(database: Database, sink: str, *, every_s: float) -> str | None:
    """Return the name up to which objects of a sink were read; None: it was looked at of late.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _TAKE_LISTING, sink, every_s)
    return None if row is None else str(row["name"])


async def settle_listing(database: Database, sink: str, *, was: str, name: str, more: bool) -> None:
    """Keep up to which name objects of a sink were read, to go on at once if there is more.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    await read_row(database, _SETTLE_LISTING, sink, was, name, more)


async def reconcile_now(database: Database, *, anew: bool) -> None:
    """Let everything be compared at once, from where it stands or from the beginning.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    await read_row(database, _DUE, anew)
    await read_row(database, _DUE_LISTINGS, anew)


async def logged_records(
    connection: AsyncConnection, organization_id: str, *, sequence: int, most: int
) -> list[LoggedRecord]:
    """Return leaves of an organization's log from a number on, in order."""
    values = {"organization": organization_id, "sequence": sequence, "most": most}
    return [
        LoggedRecord(sequence=row.sequence, id=row.id, kind=row.kind, at=row.at, leaf=row.hash)
        for row in await connection.execute(_RECORDS, values)
    ]


async def logged_leaf(connection: AsyncConnection, organization_id: str, record_id: str) -> Leaf:
    """Return the leaf of a record that is in its organization's log."""
    values = {"organization": organization_id, "record": record_id}
    row = (await connection.execute(_LEAF, values)).one()
    return Leaf(
        organization_id=organization_id,
        id=record_id,
        kind=row.kind,
        principal_id=row.principal_id,
        project_id=row.project_id,
        at=row.at,
        key_id=row.key_id,
        payload=row.payload,
        commitment=row.commitment,
    )
