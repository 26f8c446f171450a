"""Keep every version of the limits that an organization sets; the newest number holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Text, insert, select
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.shared_limits import OrganizationLimits, SharedLimits
from runtime.kit.canonical_json import canonical_text
from runtime.store.base import Id, Instant, Row


class OrganizationLimitsRow(Row):
    """One version of an organization's limits."""

    __tablename__ = "organization_limits"

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    document: Mapped[str] = mapped_column(Text)
    principal_id: Mapped[Id]
    created_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredLimits:
    """Describe a version: what it says, who made it, and when."""

    limits: SharedLimits
    principal_id: str
    created_at: datetime


async def newest_limits(connection: AsyncConnection, organization_id: str) -> StoredLimits | None:
    """Return the limits that hold; None: the organization never set any."""
    row = OrganizationLimitsRow
    asked = (
        select(row.number, row.document, row.principal_id, row.created_at)
        .where(row.organization_id == organization_id)
        .order_by(row.number.desc())
        .limit(1)
    )
    return _found((await connection.execute(asked)).first())


async def add_limits(
    connection: AsyncConnection,
    limits: SharedLimits,
    *,
    organization_id: str,
    principal_id: str,
    now: datetime,
) -> None:
    """Store a version. Who calls this holds the organization, so that no number is used twice.

    The same transaction has to call `projects.outdate_judgements`: by that, executions which were
    judged by other limits are refused at their commit.
    """
    await connection.execute(
        insert(OrganizationLimitsRow).values(
            organization_id=organization_id,
            number=limits.number,
            document=canonical_text(limits.document.model_dump(mode="json")),
            principal_id=principal_id,
            created_at=now,
        )
    )


def read_limits(number: int | None, document: str | None) -> SharedLimits | None:
    """Read limits as they are stored; without a number there are none."""
    if number is None or document is None:
        return None
    return SharedLimits(number=number, document=OrganizationLimits.model_validate_json(document))


def _found(row: Found[*tuple[Any, ...]] | None) -> StoredLimits | None:
    if row is None:
        return None
    return StoredLimits(
        limits=SharedLimits(
            number=row.number, document=OrganizationLimits.model_validate_json(row.document)
        ),
        principal_id=row.principal_id,
        created_at=row.created_at,
    )
