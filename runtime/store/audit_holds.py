"""Keep legal holds; the database itself destroys no key that one of them keeps."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    Text,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.audit_hold import Hold
from runtime.domain.errors import NameTakenError
from runtime.store.base import Id, Instant, Row
from runtime.store.conflicts import broken_constraint

_NAME: Final = "audit_holds_name"


class AuditHoldRow(Row):
    """A legal hold of an organization, or of one subject in it."""

    __tablename__ = "audit_holds"
    __table_args__ = (
        CheckConstraint(
            "char_length(name) between 1 and 200 and char_length(reason) <= 2000",
            name="length_check",
        ),
        CheckConstraint("(released_at is null) = (released_by is null)", name="released_check"),
        Index(
            _NAME,
            "organization_id",
            "name",
            "subject",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=text("released_at is null"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)
    subject: Mapped[Id | None]
    held_by: Mapped[Id]
    created_at: Mapped[Instant]
    released_at: Mapped[Instant | None]
    released_by: Mapped[Id | None]


async def add_hold(connection: AsyncConnection, hold: Hold, *, organization_id: str) -> None:
    """Store a hold, once no key is being destroyed.

    Raises:
        NameTakenError: one of that name holds the same already.
    """
    values = {
        "organization_id": organization_id,
        "id": hold.id,
        "name": hold.name,
        "reason": hold.reason,
        "subject": hold.subject,
        "held_by": hold.held_by,
        "created_at": hold.created_at,
    }
    try:
        await connection.execute(insert(AuditHoldRow).values(values))
    except IntegrityError as error:
        if broken_constraint(error) == _NAME:
            raise NameTakenError(kind="hold of the same", name=hold.name) from error
        raise


async def held_hold(connection: AsyncConnection, hold_id: str) -> Hold | None:
    """Return a hold that this transaction is about to change (`for no key update`)."""
    asked = _holds().where(AuditHoldRow.id == hold_id).with_for_update(key_share=True)
    found = (await connection.execute(asked)).first()
    return None if found is None else _hold(found)


async def release_hold(
    connection: AsyncConnection, hold_id: str, *, at: datetime, released_by: str
) -> None:
    """Let a hold end."""
    row = AuditHoldRow
    await connection.execute(
        update(row).where(row.id == hold_id).values(released_at=at, released_by=released_by)
    )


async def count_holds(connection: AsyncConnection, organization_id: str) -> int:
    """Return how many holds are placed."""
    row = AuditHoldRow
    asked = (
        select(func.count())
        .select_from(row)
        .where(row.organization_id == organization_id, row.released_at.is_(None))
    )
    return int((await connection.execute(asked)).scalar_one())


async def holds_after(
    connection: AsyncConnection, organization_id: str, after: str | None, *, limit: int
) -> tuple[Hold, ...]:
    """Return holds in the order of their ids, those that were released too."""
    row = AuditHoldRow
    asked = (
        _holds()
        .where(row.organization_id == organization_id, row.id > (after or ""))
        .order_by(row.id)
        .limit(limit)
    )
    return tuple(map(_hold, await connection.execute(asked)))


def _holds() -> Select[*tuple[Any, ...]]:
    row = AuditHoldRow
    return select(
        row.id,
        row.name,
        row.reason,
        row.subject,
        row.held_by,
        row.created_at,
        row.released_at,
        row.released_by,
    )


def _hold(row: Found[*tuple[Any, ...]]) -> Hold:
    return Hold(
        id=row.id,
        name=row.name,
        reason=row.reason,
        subject=row.subject,
        held_by=row.held_by,
        created_at=row.created_at,
        released_at=row.released_at,
        released_by=row.released_by,
    )
