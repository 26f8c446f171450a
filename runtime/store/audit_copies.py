"""Keep where the immutable copies of records are, and which lines of objects nobody committed.

Copies of executions are written by `executions.commit`, in the commit of their records.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row


class AuditCopyRow(Row):
    """An immutable copy of a record; one that was copied again has several."""

    __tablename__ = "audit_copies"

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    record_id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    sink: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    leaf: Mapped[str] = mapped_column(Text)
    at: Mapped[Instant]


class AuditOrphanRow(Row):
    """A line of an object whose record was not committed as it says."""

    __tablename__ = "audit_orphans"

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    record_id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    sink: Mapped[str] = mapped_column(Text)
    marked_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """Say where a copy of a record is.

    Attributes:
        record_id: of the record.
        name: of the object that has it, in the sink; `version` is which of that name.
        digest: of the object's bytes.
        leaf: hash of the leaf that was copied, in lower hex.
        at: the instant of the record.
    """

    record_id: str
    name: str
    sink: str
    version: str
    digest: str
    leaf: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """Name a line of an object, counted from 0, and the record that it would have been."""

    record_id: str
    name: str
    line: int
    sink: str


async def copies_of(
    connection: AsyncConnection, organization_id: str, record_ids: Sequence[str]
) -> Sequence[Copy]:
    """Return all copies of some records, the oldest of each first."""
    row = AuditCopyRow
    found = await connection.execute(
        select(row.record_id, row.name, row.sink, row.version, row.digest, row.leaf, row.at)
        .where(row.organization_id == organization_id, row.record_id.in_(record_ids))
        .order_by(row.record_id, row.name)
    )
    return [
        Copy(
            record_id=item.record_id,
            name=item.name,
            sink=item.sink,
            version=item.version,
            digest=item.digest,
            leaf=item.leaf,
            at=item.at,
        )
        for item in found
    ]


async def add_copies(
    connection: AsyncConnection, organization_id: str, copies: Sequence[Copy]
) -> None:
    """Keep where records were copied to again; what is known already is left as it is."""
    rows = [
        {
            "organization_id": organization_id,
            "record_id": copy.record_id,
            "name": copy.name,
            "sink": copy.sink,
            "version": copy.version,
            "digest": copy.digest,
            "leaf": copy.leaf,
            "at": copy.at,
        }
        for copy in copies
    ]
    await connection.execute(insert(AuditCopyRow).on_conflict_do_nothing(), rows)


async def mark_orphan(
    connection: AsyncConnection, organization_id: str, orphan: Orphan, *, now: datetime
) -> bool:
    """Mark a line whose record was never committed; return whether it was not marked before."""
    marked = await connection.execute(
        insert(AuditOrphanRow)
        .values(
            organization_id=organization_id,
            record_id=orphan.record_id,
            name=orphan.name,
            line=orphan.line,
            sink=orphan.sink,
            marked_at=now,
        )
        .on_conflict_do_nothing()
        .returning(AuditOrphanRow.line)
    )
    return marked.first() is not None
