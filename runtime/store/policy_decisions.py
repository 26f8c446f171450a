"""Keep what rules decided, with the question, so that anybody can ask again; commits write them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ForeignKeyConstraint, Text, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row


class PolicyDecisionRow(Row):
    """What rules answered to one question."""

    __tablename__ = "policy_decisions"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "revision"],
            ["policy_units.organization_id", "policy_units.revision"],
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    revision: Mapped[Id]
    input: Mapped[str] = mapped_column(Text)
    answer: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDecision:
    """Say what rules answered to which question; input and answer are canonical JSON text."""

    id: str
    revision: str
    input: str
    answer: str


async def find_decisions(connection: AsyncConnection, ids: Iterable[str]) -> dict[str, NewDecision]:
    """Return decisions by id; those that are not there are left out."""
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    asked = (
        select(
            PolicyDecisionRow.id,
            PolicyDecisionRow.revision,
            PolicyDecisionRow.input,
            PolicyDecisionRow.answer,
        )
        .where(PolicyDecisionRow.id.in_(wanted))
        .limit(len(wanted))
    )
    return {
        row.id: NewDecision(id=row.id, revision=row.revision, input=row.input, answer=row.answer)
        for row in await connection.execute(asked)
    }
