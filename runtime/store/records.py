"""Write events and audit records; who listens is told by others, through `event_outbox`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, Text, insert, text
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.record import AuditRecord, Event
from runtime.store.base import Id, Instant, Row


class EventRow(Row):
    """A fact of the catalogue, on its way to whoever listens.

    `position` is the transaction that wrote it. Who reads in the order of (position, id), and only
    what is below `pg_snapshot_xmin(pg_current_snapshot())::text::bigint`, misses nothing that is
    committed late.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("events_line", "organization_id", "project_id", "position", "id"),
        Index("events_age", "organization_id", "created_at"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id | None]
    type: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    position: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)")
    )


class AuditRecordRow(Row):
    """A decision or an act of administration, which nobody can take back, until the log has it.

    `position` is the transaction that wrote it, and `turn` its order within that one.
    """

    __tablename__ = "audit_records"
    __table_args__ = (Index("audit_records_line", "organization_id", "position", "turn"),)

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id | None]
    principal_id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    document: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    position: Mapped[int] = mapped_column(
        BigInteger, server_default=text("(pg_current_xact_id()::text::bigint)")
    )
    turn: Mapped[int] = mapped_column(BigInteger, Identity())


async def add_event(
    connection: AsyncConnection, event: Event, *, organization_id: str, now: datetime
) -> None:
    """Store an event."""
    await connection.execute(
        insert(EventRow).values(
            organization_id=organization_id,
            id=event.id,
            project_id=event.project_id,
            type=event.type,
            document=event.document,
            created_at=now,
        )
    )


async def add_event_once(
    connection: AsyncConnection, event: Event, *, organization_id: str, now: datetime
) -> bool:
    """Store an event unless one of its id is there; return whether it was stored."""
    added = await connection.execute(
        insert_or_not(EventRow)
        .values(
            organization_id=organization_id,
            id=event.id,
            project_id=event.project_id,
            type=event.type,
            document=event.document,
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(EventRow.id)
    )
    return added.first() is not None


async def add_audit_record(
    connection: AsyncConnection, record: AuditRecord, *, organization_id: str, now: datetime
) -> None:
    """Store an audit record."""
    await add_audit_records(connection, [(record, now)], organization_id=organization_id)


async def add_audit_records(
    connection: AsyncConnection,
    stamped: Sequence[tuple[AuditRecord, datetime]],
    *,
    organization_id: str,
) -> None:
    """Store audit records, each with the instant of what it says."""
    await connection.execute(
        insert(AuditRecordRow),
        [
            {
                "organization_id": organization_id,
                "id": record.id,
                "project_id": record.project_id,
                "principal_id": record.principal_id,
                "kind": record.kind,
                "document": record.document,
                "digest": record.digest,
                "created_at": now,
            }
            for record, now in stamped
        ],
    )
