"""Keep facts; each query names the member and the project, so nobody else's are ever read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    Index,
    Select,
    Text,
    delete,
    or_,
    select,
    text,
)
from sqlalchemy import Row as Found
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.fact import MOST_FACTS, Fact, FactSource
from runtime.kit.canonical_json import canonical_text, parse
from runtime.store.base import Id, Instant, Row, of_project


class FactRow(Row):
    """What the agent of a project is told of one member."""

    __tablename__ = "facts"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "member_id"], ["members.organization_id", "members.id"]
        ),
        CheckConstraint("octet_length(value) <= 2000", name="value_check"),
        CheckConstraint("source in ('person', 'turn', 'import')", name="source_check"),
        Index("facts_member", "organization_id", "member_id"),
        Index(
            "facts_expired",
            "organization_id",
            "expires_at",
            postgresql_where=text("expires_at is not null"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id] = mapped_column(primary_key=True)
    member_id: Mapped[Id] = mapped_column(primary_key=True)
    key: Mapped[Id] = mapped_column(primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    turn_id: Mapped[Id | None]
    set_at: Mapped[Instant]
    expires_at: Mapped[Instant | None]


async def put_fact(connection: AsyncConnection, fact: Fact, *, organization_id: str) -> None:
    """Store a fact, in place of what was told under its key before."""
    told = {
        "value": canonical_text(fact.value),
        "source": fact.source.value,
        "turn_id": fact.turn_id,
        "set_at": fact.set_at,
        "expires_at": fact.expires_at,
    }
    whose = {"project_id": fact.project_id, "member_id": fact.member_id, "key": fact.key}
    addition = insert(FactRow).values(organization_id=organization_id, **whose, **told)
    key = list(FactRow.__table__.primary_key)
    await connection.execute(addition.on_conflict_do_update(index_elements=key, set_=told))


async def facts_of(
    connection: AsyncConnection, member_id: str, *, project_id: str, now: datetime
) -> tuple[Fact, ...]:
    """Return the facts of a member in a project that hold, in the order of their keys."""
    row = FactRow
    asked = (
        _facts(member_id, project_id=project_id)
        .where(or_(row.expires_at.is_(None), row.expires_at > now))
        .order_by(row.key)
        .limit(MOST_FACTS)
    )
    return tuple(map(_fact, await connection.execute(asked)))


async def take_fact(
    connection: AsyncConnection, member_id: str, *, project_id: str, key: str
) -> bool:
    """Delete a fact of a member, and return whether there was one."""
    row = FactRow
    gone = await connection.execute(
        delete(row).where(row.project_id == project_id, row.member_id == member_id, row.key == key)
    )
    return gone.rowcount > 0


async def delete_facts_of(
    connection: AsyncConnection, member_id: str, *, project_ids: Sequence[str] | None = None
) -> None:
    """Delete the facts of a member, in some projects or in all of them."""
    row = FactRow
    gone = delete(row).where(row.member_id == member_id)
    if project_ids is not None:
        gone = gone.where(row.project_id.in_(project_ids))
    await connection.execute(gone)


async def delete_expired(connection: AsyncConnection, *, now: datetime, limit: int) -> int:
    """Delete some facts of the transaction's organization that hold no more; return how many."""
    row = FactRow
    due = (
        select(row.project_id, row.member_id, row.key)
        .where(row.expires_at <= now)
        .order_by(row.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    gone = await connection.execute(
        delete(row).where(
            row.project_id == due.c.project_id,
            row.member_id == due.c.member_id,
            row.key == due.c.key,
        )
    )
    return gone.rowcount


def _facts(member_id: str, *, project_id: str) -> Select[*tuple[Any, ...]]:
    row = FactRow
    return select(
        row.project_id,
        row.member_id,
        row.key,
        row.value,
        row.source,
        row.turn_id,
        row.set_at,
        row.expires_at,
    ).where(row.project_id == project_id, row.member_id == member_id)


def _fact(row: Found[*tuple[Any, ...]]) -> Fact:
    return Fact(
        project_id=row.project_id,
        member_id=row.member_id,
        key=row.key,
        value=parse(row.value),
        source=FactSource(row.source),
        set_at=row.set_at,
        turn_id=row.turn_id,
        expires_at=row.expires_at,
    )
