"""Keep what answers of models reserve and take, by turn, and what each subject used by day.

What reserves and charges is `model_charges`; here is what is read and forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    Select,
    Text,
    delete,
    select,
    text,
    tuple_,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.model_budget import Spend, Tally
from runtime.store.base import Id, Instant, Row, of_project

OPEN: Final = "open"


class ModelTallyRow(Row):
    """What a subject used of models on one day, and what is reserved of it."""

    __tablename__ = "model_tallies"
    __table_args__ = (
        of_project(),
        CheckConstraint("tokens >= 0 and cost_micros >= 0", name="used_check"),
        CheckConstraint("reserved_tokens >= 0 and reserved_micros >= 0", name="reserved_check"),
        Index("model_tallies_project", "organization_id", "project_id"),
        Index("model_tallies_age", "organization_id", "day"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    subject: Mapped[Id] = mapped_column(primary_key=True)
    day: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id | None]
    tokens: Mapped[int] = mapped_column(BigInteger)
    cost_micros: Mapped[int] = mapped_column(BigInteger)
    reserved_tokens: Mapped[int] = mapped_column(BigInteger)
    reserved_micros: Mapped[int] = mapped_column(BigInteger)
    updated_at: Mapped[Instant]
    told_tokens: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    told_tokens_of: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    told_micros: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    told_micros_of: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))


class ModelSpendRow(Row):
    """One attempt of a turn at one model: what it reserved, and what it took."""

    __tablename__ = "model_spends"
    __table_args__ = (
        of_project(),
        CheckConstraint("status in ('open', 'settled', 'lapsed')", name="status_check"),
        CheckConstraint("(status = 'open') = (ended_at is null)", name="end_check"),
        Index("model_spends_project", "organization_id", "project_id"),
        Index("model_spends_age", "organization_id", "created_at"),
        Index(
            "model_spends_open",
            "organization_id",
            "ends_at",
            postgresql_where=text("status = 'open'"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    turn_id: Mapped[Id] = mapped_column(primary_key=True)
    attempt: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    project_id: Mapped[Id]
    member_id: Mapped[Id]
    model: Mapped[str] = mapped_column(Text)
    price: Mapped[str | None] = mapped_column(Text)
    day: Mapped[Id]
    status: Mapped[str] = mapped_column(Text)
    reserved_tokens: Mapped[int] = mapped_column(BigInteger)
    reserved_micros: Mapped[int | None] = mapped_column(BigInteger)
    tokens: Mapped[int] = mapped_column(BigInteger)
    cost_micros: Mapped[int | None] = mapped_column(BigInteger)
    created_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    ended_at: Mapped[Instant | None]


async def tallies_of(
    connection: AsyncConnection, subjects: Iterable[str], *, day: str
) -> Mapping[str, Tally]:
    """Return what subjects used on a day; those that used nothing are not there."""
    row = ModelTallyRow
    wanted = list(subjects)
    found = await connection.execute(
        _tallies().where(row.day == day, row.subject.in_(wanted)).limit(len(wanted))
    )
    return {row.subject: _tally(row) for row in found}


async def most_taken(
    connection: AsyncConnection, *, begins: str, day: str, limit: int
) -> Mapping[str, Tally]:
    """Return what was used on a day by subjects that begin alike, the most tokens first."""
    row = ModelTallyRow
    found = await connection.execute(
        _tallies()
        .where(row.day == day, row.subject.startswith(begins, autoescape=True))
        .order_by((row.tokens + row.reserved_tokens).desc(), row.subject)
        .limit(limit)
    )
    return {row.subject: _tally(row) for row in found}


async def forget_spends(
    connection: AsyncConnection, *, before: datetime, day: str, limit: int
) -> None:
    """Delete what ended before an instant, and tallies of days before one; some of them.

    A tally stays while something is open that was reserved of it.
    """
    spend, tally = ModelSpendRow, ModelTallyRow
    old = select(spend.turn_id, spend.attempt).where(
        spend.created_at < before, spend.status != OPEN
    )
    gone = old.limit(limit).with_for_update(skip_locked=True).cte("old")
    await connection.execute(
        delete(spend).where(tuple_(spend.turn_id, spend.attempt).in_(select(*gone.c)))
    )
    open_there = select(spend.turn_id).where(spend.status == OPEN, spend.day == tally.day)
    past = select(tally.subject, tally.day).where(tally.day < day, ~open_there.exists())
    left = past.limit(limit).with_for_update(skip_locked=True).cte("past")
    await connection.execute(
        delete(tally).where(tuple_(tally.subject, tally.day).in_(select(*left.c)))
    )


def _tallies() -> Select[str, int, int, int, int]:
    row = ModelTallyRow
    return select(
        row.subject, row.tokens, row.cost_micros, row.reserved_tokens, row.reserved_micros
    )


def _tally(row: Found[*tuple[Any, ...]]) -> Tally:
    return Tally(
        used=Spend(tokens=row.tokens, cost_micros=row.cost_micros),
        reserved=Spend(tokens=row.reserved_tokens, cost_micros=row.reserved_micros),
    )
