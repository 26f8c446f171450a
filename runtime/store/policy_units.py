"""Keep all modules that were asked together, by their digest, so that decisions can be redone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ForeignKey, Text, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.policy_unit import PolicyModule
from runtime.kit.canonical_json import canonical_text, parse
from runtime.store.base import Id, Instant, Row


class PolicyUnitRow(Row):
    """Modules that were asked together."""

    __tablename__ = "policy_units"

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    revision: Mapped[Id] = mapped_column(primary_key=True)
    modules: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]


async def keep_unit(
    connection: AsyncConnection,
    *,
    organization_id: str,
    revision: str,
    modules: Iterable[PolicyModule],
    now: datetime,
) -> None:
    """Keep modules under their revision, unless they are there already."""
    await connection.execute(
        insert(PolicyUnitRow)
        .values(
            organization_id=organization_id,
            revision=revision,
            modules=spelled_modules(modules),
            created_at=now,
        )
        .on_conflict_do_nothing()
    )


async def find_unit(connection: AsyncConnection, revision: str) -> tuple[PolicyModule, ...] | None:
    """Return the modules of a revision."""
    asked = select(PolicyUnitRow.modules).where(PolicyUnitRow.revision == revision).limit(1)
    found = (await connection.execute(asked)).scalar_one_or_none()
    return None if found is None else read_modules(found)


def spelled_modules(modules: Iterable[PolicyModule]) -> str:
    """Spell modules as they are stored."""
    return canonical_text([[module.path, module.text] for module in modules])


def read_modules(text: str) -> tuple[PolicyModule, ...]:
    """Read what `spelled_modules` wrote."""
    return tuple(PolicyModule(path=path, text=module) for path, module in parse(text))
