"""Keep the whole state every so many versions, so that any version is rebuilt from few diffs."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ForeignKeyConstraint, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row


class SnapshotRow(Row):
    """The whole state of one version."""

    __tablename__ = "snapshots"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "project_id"],
            ["projects.organization_id", "projects.id"],
            ondelete="CASCADE",
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSnapshot:
    """Hold a stored state as text, not yet proven."""

    version: int
    digest: str
    state: str


async def nearest_snapshot(
    connection: AsyncConnection, *, project_id: str, version: int
) -> StoredSnapshot | None:
    """Return the last snapshot that is not above a version."""
    found = (
        await connection.execute(
            select(SnapshotRow.version, SnapshotRow.digest, SnapshotRow.state)
            .where(SnapshotRow.project_id == project_id, SnapshotRow.version <= version)
            .order_by(SnapshotRow.version.desc())
            .limit(1)
        )
    ).first()
    if found is None:
        return None
    return StoredSnapshot(version=found.version, digest=found.digest, state=found.state)
