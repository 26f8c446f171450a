"""Keep every version of how organizations and projects ask models; the newest number holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, Text, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.model_use import ModelUse
from runtime.kit.canonical_json import canonical_text
from runtime.store.base import Id, Instant, Row, of_project


class ModelUseRow(Row):
    """One version of what an organization, or one of its projects, says of models.

    `scope` is the project's id, or else the organization's.
    """

    __tablename__ = "model_uses"
    __table_args__ = (
        of_project(),
        CheckConstraint("scope = coalesce(project_id, organization_id)", name="scope_check"),
        CheckConstraint("octet_length(document) <= 16384", name="document_check"),
        Index("model_uses_project", "organization_id", "project_id"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    scope: Mapped[Id] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    project_id: Mapped[Id | None]
    document: Mapped[str] = mapped_column(Text)
    principal_id: Mapped[Id]
    created_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredUse:
    """Describe a version: what it says, who made it, and when."""

    number: int
    use: ModelUse
    principal_id: str
    created_at: datetime


async def newest_use(connection: AsyncConnection, scope: str) -> StoredUse | None:
    """Return what holds for a project or an organization; None: it never said anything.

    Args:
        connection: of the organization.
        scope: the project's id, or the organization's.
    """
    row = ModelUseRow
    asked = (
        select(row.number, row.document, row.principal_id, row.created_at)
        .where(row.scope == scope)
        .order_by(row.number.desc())
        .limit(1)
    )
    found = (await connection.execute(asked)).first()
    if found is None:
        return None
    return StoredUse(
        number=found.number,
        use=ModelUse.model_validate_json(found.document),
        principal_id=found.principal_id,
        created_at=found.created_at,
    )


async def add_use(
    connection: AsyncConnection, stored: StoredUse, *, organization_id: str, project_id: str | None
) -> None:
    """Store a version. Who calls this holds what it is of, so that no number is used twice."""
    await connection.execute(
        insert(ModelUseRow).values(
            organization_id=organization_id,
            scope=project_id or organization_id,
            number=stored.number,
            project_id=project_id,
            document=canonical_text(stored.use.model_dump(mode="json")),
            principal_id=stored.principal_id,
            created_at=stored.created_at,
        )
    )
