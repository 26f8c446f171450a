"""Keep the projects of each organization.

A rename locks the row against new history, and a commit of history waits for its project after it
has the head: so whoever changes a project takes its head first (`heads.bump_settings`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Select,
    Text,
    UniqueConstraint,
    delete,
    select,
    update,
)
from sqlalchemy import Row as Found
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import NameTakenError
from runtime.domain.limits import Limits
from runtime.domain.project import Project
from runtime.kit.canonical_json import canonical_text
from runtime.store.base import Id, Instant, Row
from runtime.store.conflicts import broken_constraint
from runtime.store.heads import HeadRow
from runtime.store.memberships import MembershipRow

_NAME = "projects_name"


class ProjectRow(Row):
    """Where one state lives."""

    __tablename__ = "projects"
    __table_args__ = (
        UniqueConstraint("organization_id", "name", name=_NAME),
        CheckConstraint("purge_began_at is null or archived_at is not null", name="check"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    environment: Mapped[str] = mapped_column(Text)
    limits: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    created_by: Mapped[Id]
    archived_at: Mapped[Instant | None]
    purge_began_at: Mapped[Instant | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySize:
    """Say how much history a project has, and the digest that it ends with."""

    versions: int
    outcomes: int
    digest: str


async def add_project(connection: AsyncConnection, project: Project) -> None:
    """Store a new project.

    Raises:
        NameTakenError: a project of the organization has that name.
    """
    added = await connection.execute(
        insert(ProjectRow)
        .values(
            organization_id=project.organization_id,
            id=project.id,
            name=project.name,
            environment=project.environment,
            limits=limits_text(project.limits),
            created_at=project.created_at,
            created_by=project.created_by,
            archived_at=project.archived_at,
        )
        .on_conflict_do_nothing(constraint=_NAME)
        .returning(ProjectRow.id)
    )
    if added.first() is None:
        raise NameTakenError(kind="project", name=project.name)


async def find_project(connection: AsyncConnection, project_id: str) -> Project | None:
    """Return a project."""
    return _found((await connection.execute(_named(project_id))).first())


async def held_project(connection: AsyncConnection, project_id: str) -> Project | None:
    """Return a project that this transaction is about to change (`for no key update`)."""
    asked = _named(project_id).with_for_update(key_share=True)
    return _found((await connection.execute(asked)).first())


async def keep_project(connection: AsyncConnection, project_id: str) -> None:
    """Let a project not be deleted before this transaction ends (`for key share`)."""
    asked = select(ProjectRow.id).where(ProjectRow.id == project_id).limit(1)
    await connection.execute(asked.with_for_update(read=True, key_share=True))


async def projects_after(
    connection: AsyncConnection, after: str | None, *, limit: int, member_id: str | None
) -> tuple[Project, ...]:
    """Return projects in the order of their ids: those of one member, or all for None."""
    asked = _projects().order_by(ProjectRow.id).limit(limit)
    if after is not None:
        asked = asked.where(ProjectRow.id > after)
    if member_id is not None:
        asked = asked.join(
            MembershipRow,
            (MembershipRow.organization_id == ProjectRow.organization_id)
            & (MembershipRow.project_id == ProjectRow.id),
        ).where(MembershipRow.member_id == member_id)
    return tuple(map(_project, await connection.execute(asked)))


async def kept_active_projects(
    connection: AsyncConnection, project_ids: Iterable[str]
) -> frozenset[str]:
    """Return which projects are active; none of those goes away meanwhile (`for key share`).

    Locks them in the order of their ids.
    """
    wanted = sorted(set(project_ids))
    asked = (
        select(ProjectRow.id)
        .where(ProjectRow.id.in_(wanted), ProjectRow.archived_at.is_(None))
        .order_by(ProjectRow.id)
        .limit(len(wanted))
        .with_for_update(read=True, key_share=True)
    )
    return frozenset((await connection.scalars(asked)).all())


async def change_project(
    connection: AsyncConnection, project_id: str, *, name: str, limits: Limits
) -> None:
    """Give a project a name and limits.

    Raises:
        NameTakenError: another project has that name; the transaction is of no more use.
    """
    change = (
        update(ProjectRow)
        .where(ProjectRow.id == project_id)
        .values(name=name, limits=limits_text(limits))
    )
    try:
        await connection.execute(change)
    except IntegrityError as error:
        if broken_constraint(error) != _NAME:
            raise
        raise NameTakenError(kind="project", name=name) from None


async def archive_project(
    connection: AsyncConnection, project_id: str, *, at: datetime | None
) -> None:
    """Let nothing in a project change from an instant on; None restores it."""
    await connection.execute(
        update(ProjectRow).where(ProjectRow.id == project_id).values(archived_at=at)
    )


async def begin_purge(connection: AsyncConnection, project_id: str, *, at: datetime) -> None:
    """Let the history of an archived project be deleted from now on; there is no way back."""
    await connection.execute(
        update(ProjectRow).where(ProjectRow.id == project_id).values(purge_began_at=at)
    )


async def outdate_judgements(connection: AsyncConnection, organization_id: str) -> None:
    """Make executions in any project of an organization that were judged before fail at commit.

    Heads are taken in the order of their projects, as commits take them: none waits for the other.
    """
    mine = HeadRow.organization_id == organization_id
    in_order = select(HeadRow.project_id).where(mine).order_by(HeadRow.project_id)
    await connection.execute(in_order.with_for_update(key_share=True))
    await connection.execute(update(HeadRow).where(mine).values(settings=HeadRow.settings + 1))


async def history_size(connection: AsyncConnection, project_id: str) -> HistorySize:
    """Return how much history a project has; it has a head, as every project does."""
    asked = (
        select(HeadRow.version, HeadRow.outcomes, HeadRow.digest)
        .where(HeadRow.project_id == project_id)
        .limit(1)
    )
    head = (await connection.execute(asked)).one()
    return HistorySize(versions=head.version + 1, outcomes=head.outcomes, digest=head.digest)


async def delete_project(connection: AsyncConnection, project_id: str) -> None:
    """Delete a project with its memberships, invitations and what is left of its history, for ever.

    The database refuses it before a purge began.
    """
    await connection.execute(delete(ProjectRow).where(ProjectRow.id == project_id))


def limits_text(limits: Limits) -> str:
    """Return limits as they are stored: canonical JSON."""
    return canonical_text(limits.model_dump(mode="json"))


def _projects() -> Select[*tuple[Any, ...]]:
    row = ProjectRow
    return select(
        row.organization_id,
        row.id,
        row.name,
        row.environment,
        row.limits,
        row.created_at,
        row.created_by,
        row.archived_at,
        row.purge_began_at,
    )


def _named(project_id: str) -> Select[*tuple[Any, ...]]:
    return _projects().where(ProjectRow.id == project_id).limit(1)


def _found(row: Found[*tuple[Any, ...]] | None) -> Project | None:
    return None if row is None else _project(row)


def _project(row: Found[*tuple[Any, ...]]) -> Project:
    return Project(
        id=row.id,
        organization_id=row.organization_id,
        name=row.name,
        environment=row.environment,
        limits=Limits.model_validate_json(row.limits),
        created_at=row.created_at,
        created_by=row.created_by,
        archived_at=row.archived_at,
        purge_began_at=row.purge_began_at,
    )
