"""Keep each version of a project's state as the difference to the one before."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import BigInteger, Index, Select, Text, select
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.history import Cause, Version
from runtime.kit.canonical_json import parse
from runtime.store.base import Id, Instant, Row, of_project

MOST_DIFFS: Final = 100
"""Snapshots stand closer than this, so no state needs more diffs to be rebuilt."""


class VersionRow(Row):
    """A version of a state."""

    __tablename__ = "versions"
    __table_args__ = (
        of_project(),
        Index("versions_instant", "organization_id", "project_id", "created_at", "version"),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(Text)
    diff: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    outcome_id: Mapped[Id | None]
    principal_id: Mapped[Id]
    created_at: Mapped[Instant]


async def versions_before(
    connection: AsyncConnection, *, project_id: str, before: int | None, limit: int
) -> tuple[Version, ...]:
    """Return versions from the newest to the oldest, those below a number if one is given."""
    asked = _of(project_id).order_by(VersionRow.version.desc()).limit(limit)
    if before is not None:
        asked = asked.where(VersionRow.version < before)
    return tuple(map(_version, await connection.execute(asked)))


async def versions_between(
    connection: AsyncConnection, *, project_id: str, after: int, through: int
) -> tuple[Version, ...]:
    """Return versions above one number and up to another, oldest first; at most `MOST_DIFFS`."""
    asked = (
        _of(project_id)
        .where(VersionRow.version > after, VersionRow.version <= through)
        .order_by(VersionRow.version)
        .limit(MOST_DIFFS)
    )
    return tuple(map(_version, await connection.execute(asked)))


async def find_version(
    connection: AsyncConnection, *, project_id: str, version: int
) -> Version | None:
    """Return one version."""
    asked = _of(project_id).where(VersionRow.version == version).limit(1)
    found = (await connection.execute(asked)).first()
    return None if found is None else _version(found)


async def version_at(
    connection: AsyncConnection, *, project_id: str, instant: datetime
) -> Version | None:
    """Return the version that stood at an instant, or None before the project was made."""
    asked = (
        _of(project_id)
        .where(VersionRow.created_at <= instant)
        .order_by(VersionRow.created_at.desc(), VersionRow.version.desc())
        .limit(1)
    )
    found = (await connection.execute(asked)).first()
    return None if found is None else _version(found)


def _of(project_id: str) -> Select[*tuple[Any, ...]]:
    """Ask for versions of a project; row security adds the organization."""
    return select(
        VersionRow.version,
        VersionRow.digest,
        VersionRow.diff,
        VersionRow.cause,
        VersionRow.outcome_id,
        VersionRow.principal_id,
        VersionRow.created_at,
    ).where(VersionRow.project_id == project_id)


def _version(row: Found[*tuple[Any, ...]]) -> Version:
    return Version(
        version=row.version,
        digest=row.digest,
        diff=tuple(parse(row.diff)),
        cause=Cause(row.cause),
        outcome_id=row.outcome_id,
        principal_id=row.principal_id,
        created_at=row.created_at,
    )
