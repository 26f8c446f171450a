"""Keep the whole state every so many versions, so that any version is rebuilt from few diffs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Select, Text, and_, select
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.versions import VersionRow


class SnapshotRow(Row):
    """The whole state of one version."""

    __tablename__ = "snapshots"
    __table_args__ = (of_project(),)

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSnapshot:
    """Hold a stored state as text, not yet proven, and the hash that its version recorded."""

    version: int
    digest: str
    state: str


async def nearest_snapshot(
    connection: AsyncConnection, *, project_id: str, version: int
) -> StoredSnapshot | None:
    """Return the last snapshot that is not above a version, with the hash of its version's row.

    So a snapshot that was altered together with its own hash does not pass.
    """
    asked = _of(project_id).where(SnapshotRow.version <= version)
    found = (await connection.execute(asked.order_by(SnapshotRow.version.desc()).limit(1))).first()
    return None if found is None else _snapshot(found)


async def next_snapshot(
    connection: AsyncConnection, *, project_id: str, after: int
) -> StoredSnapshot | None:
    """Return the first snapshot above a version, as `nearest_snapshot` does."""
    asked = _of(project_id).where(SnapshotRow.version > after)
    found = (await connection.execute(asked.order_by(SnapshotRow.version).limit(1))).first()
    return None if found is None else _snapshot(found)


def _of(project_id: str) -> Select[*tuple[Any, ...]]:
    """Ask for snapshots of a project; row security adds the organization."""
    of_version = and_(
        VersionRow.organization_id == SnapshotRow.organization_id,
        VersionRow.project_id == SnapshotRow.project_id,
        VersionRow.version == SnapshotRow.version,
    )
    return (
        select(SnapshotRow.version, VersionRow.digest, SnapshotRow.state)
        .join(VersionRow, of_version)
        .where(SnapshotRow.project_id == project_id)
    )


def _snapshot(row: Found[*tuple[Any, ...]]) -> StoredSnapshot:
    return StoredSnapshot(version=row.version, digest=row.digest, state=row.state)
