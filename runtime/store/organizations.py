"""Keep the tenants, one row each; a transaction sees the row of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row as Found
from sqlalchemy import Select, Text, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.organization import Organization
from runtime.store.base import Id, Instant, Row


class OrganizationRow(Row):
    """A tenant."""

    __tablename__ = "organizations"

    id: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    archived_at: Mapped[Instant | None]


async def add_organization(connection: AsyncConnection, organization: Organization) -> bool:
    """Store an organization, and return whether there was none of that id.

    Another transaction that is storing it is waited for: so of two at once one adds it.
    """
    added = await connection.execute(
        insert(OrganizationRow)
        .values(
            id=organization.id,
            name=organization.name,
            created_at=organization.created_at,
            archived_at=organization.archived_at,
        )
        .on_conflict_do_nothing()
        .returning(OrganizationRow.id)
    )
    return added.first() is not None


async def find_organization(
    connection: AsyncConnection, organization_id: str
) -> Organization | None:
    """Return an organization."""
    return _found((await connection.execute(_named(organization_id))).first())


async def steady_organization(
    connection: AsyncConnection, organization_id: str
) -> Organization | None:
    """Return an organization, which stays as it is until the transaction ends (`for share`)."""
    asked = _named(organization_id).with_for_update(read=True)
    return _found((await connection.execute(asked)).first())


async def held_organization(
    connection: AsyncConnection, organization_id: str
) -> Organization | None:
    """Return an organization that this transaction is about to change (`for no key update`)."""
    asked = _named(organization_id).with_for_update(key_share=True)
    return _found((await connection.execute(asked)).first())


async def rename_organization(
    connection: AsyncConnection, organization_id: str, *, name: str
) -> None:
    """Give an organization another name."""
    await connection.execute(
        update(OrganizationRow).where(OrganizationRow.id == organization_id).values(name=name)
    )


async def archive_organization(
    connection: AsyncConnection, organization_id: str, *, at: datetime | None
) -> None:
    """Let nothing in an organization change from an instant on; None restores it."""
    await connection.execute(
        update(OrganizationRow).where(OrganizationRow.id == organization_id).values(archived_at=at)
    )


def _named(organization_id: str) -> Select[*tuple[Any, ...]]:
    row = OrganizationRow
    return (
        select(row.id, row.name, row.created_at, row.archived_at)
        .where(row.id == organization_id)
        .limit(1)
    )


def _found(row: Found[*tuple[Any, ...]] | None) -> Organization | None:
    if row is None:
        return None
    return Organization(
        id=row.id, name=row.name, created_at=row.created_at, archived_at=row.archived_at
    )
