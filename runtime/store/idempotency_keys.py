"""Keep the answer to each request that brought an Idempotency-Key, in the commit of its effect."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ColumnElement,
    ForeignKey,
    Index,
    SmallInteger,
    Text,
    delete,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import KeyReusedError
from runtime.store.base import Id, Instant, Row

_IN_WORK = 0


class IdempotencyKeyRow(Row):
    """A key, what it was used for and what was answered."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idempotency_keys_age", "organization_id", "created_at"),)

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    principal_id: Mapped[Id] = mapped_column(primary_key=True)
    route: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    body_digest: Mapped[str] = mapped_column(Text)
    status: Mapped[int] = mapped_column(SmallInteger)
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """Say which key is used, by whom, on which route and with which body."""

    organization_id: str
    principal_id: str
    route: str
    key: str
    body_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """Repeat what was answered before; `answer` is JSON text."""

    status: int
    answer: str


async def claim(connection: AsyncConnection, use: KeyUse, *, now: datetime) -> StoredAnswer | None:
    """Take a key for this transaction, or return what was answered to it before.

    Another transaction that holds the key is waited for: so of two requests at once one acts.

    Raises:
        KeyReusedError: the key was used with another body.
    """
    taken = await connection.execute(
        insert(IdempotencyKeyRow)
        .values(
            organization_id=use.organization_id,
            principal_id=use.principal_id,
            route=use.route,
            key=use.key,
            body_digest=use.body_digest,
            status=_IN_WORK,
            answer="",
            created_at=now,
        )
        .on_conflict_do_nothing()
        .returning(IdempotencyKeyRow.key)
    )
    if taken.first() is not None:
        return None
    return await stored_answer(connection, use)


async def stored_answer(connection: AsyncConnection, use: KeyUse) -> StoredAnswer | None:
    """Return what was answered to a key, or None when it was never used.

    Raises:
        KeyReusedError: the key was used with another body.
    """
    found = (
        await connection.execute(
            select(
                IdempotencyKeyRow.body_digest, IdempotencyKeyRow.status, IdempotencyKeyRow.answer
            ).where(*_named(use))
        )
    ).first()
    if found is None:
        return None
    if found.body_digest != use.body_digest:
        raise KeyReusedError(key=use.key)
    return StoredAnswer(status=found.status, answer=found.answer)


async def settle(connection: AsyncConnection, use: KeyUse, *, answered: StoredAnswer) -> None:
    """Keep the answer to a key that this transaction claimed."""
    await connection.execute(
        update(IdempotencyKeyRow)
        .where(*_named(use))
        .values(status=answered.status, answer=answered.answer)
    )


async def forget_before(connection: AsyncConnection, instant: datetime, *, limit: int) -> int:
    """Delete keys that are older, of the transaction's organization; return how many.

    A key that another transaction works with, or deletes just now, is left: nobody is waited for.
    """
    row = IdempotencyKeyRow
    named = (row.principal_id, row.route, row.key)
    old = (
        select(*named)
        .where(row.created_at < instant)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("old")  # asked once: as a plain subquery it might be asked again for each row
    )
    gone = await connection.execute(
        delete(row).where(tuple_(*named).in_(select(*old.c))).returning(row.key)
    )
    return len(gone.all())


def _named(use: KeyUse) -> tuple[ColumnElement[bool], ...]:
    row = IdempotencyKeyRow
    return (
        row.organization_id == use.organization_id,
        row.principal_id == use.principal_id,
        row.route == use.route,
        row.key == use.key,
    )
