"""Keep each organization's own rules by version, and which of them held when.

Whoever numbers something here holds the organization's row first (`organizations.
held_organization`), so that numbers have no gaps and grow in the order of commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Select,
    Text,
    func,
    insert,
    select,
    text,
)
from sqlalchemy import Row as Found
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.policy_version import (
    PolicyActivation,
    PolicyRules,
    PolicyVersion,
    project_of,
)
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.policy_units import read_modules, spelled_modules
from runtime.store.projects import ProjectRow

_SCOPED = "scope = coalesce(project_id, 'organization')"


class PolicyVersionRow(Row):
    """Rules that were uploaded once."""

    __tablename__ = "policy_versions"
    __table_args__ = (of_project(), CheckConstraint(_SCOPED, name="check"))

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    scope: Mapped[Id] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    project_id: Mapped[Id | None]
    modules: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    created_at: Mapped[Instant]
    created_by: Mapped[Id]


class PolicyActivationRow(Row):
    """The instant from which a version of a scope held, or none any more."""

    __tablename__ = "policy_activations"
    __table_args__ = (
        of_project(),
        ForeignKeyConstraint(
            ["organization_id", "scope", "version"],
            [
                "policy_versions.organization_id",
                "policy_versions.scope",
                "policy_versions.version",
            ],
            ondelete="CASCADE",
        ),
        CheckConstraint(_SCOPED, name="check"),
        Index("policy_activations_scope", "organization_id", "scope", text("number desc")),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    scope: Mapped[Id]
    project_id: Mapped[Id | None]
    version: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    activated_at: Mapped[Instant]
    activated_by: Mapped[Id]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveVersion:
    """Name what holds in a scope, without its modules."""

    scope: str
    version: int
    digest: str


async def next_version(connection: AsyncConnection, scope: str) -> int:
    """Return the number of the next version of a scope."""
    row = PolicyVersionRow
    asked = select(func.coalesce(func.max(row.version), 0) + 1).where(row.scope == scope)
    return int((await connection.execute(asked)).scalar_one())


async def add_version(connection: AsyncConnection, rules: PolicyRules) -> None:
    """Store a version."""
    version = rules.version
    await connection.execute(
        insert(PolicyVersionRow).values(
            organization_id=version.organization_id,
            scope=version.scope,
            version=version.version,
            project_id=project_of(version.scope),
            modules=spelled_modules(rules.modules),
            digest=version.digest,
            note=version.note,
            created_at=version.created_at,
            created_by=version.created_by,
        )
    )


async def find_rules(
    connection: AsyncConnection, scope: str, *, version: int
) -> PolicyRules | None:
    """Return a version with its modules."""
    row = PolicyVersionRow
    asked = (
        _versions()
        .add_columns(row.modules)
        .where(row.scope == scope, row.version == version)
        .limit(1)
    )
    found = (await connection.execute(asked)).first()
    return None if found is None else _rules(found)


async def versions_before(
    connection: AsyncConnection, scope: str, *, before: int | None, limit: int
) -> tuple[PolicyVersion, ...]:
    """Return versions of a scope, the newest first, those below a number if one is given."""
    row = PolicyVersionRow
    asked = _versions().where(row.scope == scope).order_by(row.version.desc()).limit(limit)
    if before is not None:
        asked = asked.where(row.version < before)
    return tuple(map(_version, await connection.execute(asked)))


async def active_version(connection: AsyncConnection, scope: str) -> ActiveVersion | None:
    """Return which version holds in a scope, if one does."""
    row = PolicyActivationRow
    newest = (
        select(row.scope, row.version)
        .where(row.scope == scope)
        .order_by(row.number.desc())
        .limit(1)
        .subquery()
    )
    asked = select(newest.c.scope, newest.c.version, PolicyVersionRow.digest).join(
        PolicyVersionRow,
        (PolicyVersionRow.scope == newest.c.scope) & (PolicyVersionRow.version == newest.c.version),
    )
    found = (await connection.execute(asked.limit(1))).first()
    return None if found is None else _active(found)


async def newest_activation(connection: AsyncConnection, scope: str) -> PolicyActivation | None:
    """Return what says which version of a scope holds."""
    found = await activations_before(connection, scope, before=None, limit=1)
    return found[0] if found else None


async def newest_number(connection: AsyncConnection) -> int:
    """Return the number of an organization's newest activation in any scope; 0 before the first."""
    asked = select(func.coalesce(func.max(PolicyActivationRow.number), 0))
    return int((await connection.execute(asked)).scalar_one())


async def activations_before(
    connection: AsyncConnection, scope: str, *, before: int | None, limit: int
) -> tuple[PolicyActivation, ...]:
    """Return activations in a scope, the newest first, those below a number if one is given."""
    row = PolicyActivationRow
    asked = _activations().where(row.scope == scope).order_by(row.number.desc()).limit(limit)
    if before is not None:
        asked = asked.where(row.number < before)
    return tuple(map(_activation, await connection.execute(asked)))


async def active_in_projects(
    connection: AsyncConnection, *, limit: int
) -> tuple[ActiveVersion, ...]:
    """Return what holds in projects that have rules of their own and are not archived."""
    row = PolicyActivationRow
    newest = (
        select(row.scope, row.project_id, row.version)
        .where(row.project_id.is_not(None))
        .ext(distinct_on(row.scope))
        .order_by(row.scope, row.number.desc())
        .subquery()
    )
    asked = (
        select(newest.c.scope, newest.c.version, PolicyVersionRow.digest)
        .join(
            PolicyVersionRow,
            (PolicyVersionRow.scope == newest.c.scope)
            & (PolicyVersionRow.version == newest.c.version),
        )
        .join(ProjectRow, ProjectRow.id == newest.c.project_id)
        .where(ProjectRow.archived_at.is_(None))
        .order_by(newest.c.scope)
        .limit(limit)
    )
    return tuple(map(_active, await connection.execute(asked)))


async def add_activation(connection: AsyncConnection, activation: PolicyActivation) -> None:
    """Store an activation, under the number that follows `newest_number`."""
    await connection.execute(
        insert(PolicyActivationRow).values(
            organization_id=activation.organization_id,
            number=activation.number,
            scope=activation.scope,
            project_id=project_of(activation.scope),
            version=activation.version,
            reason=activation.reason,
            activated_at=activation.activated_at,
            activated_by=activation.activated_by,
        )
    )


def _versions() -> Select[*tuple[Any, ...]]:
    row = PolicyVersionRow
    return select(
        row.organization_id,
        row.scope,
        row.version,
        row.digest,
        row.note,
        row.created_at,
        row.created_by,
    )


def _activations() -> Select[*tuple[Any, ...]]:
    row = PolicyActivationRow
    return select(
        row.organization_id,
        row.number,
        row.scope,
        row.version,
        row.reason,
        row.activated_at,
        row.activated_by,
    )


def _version(row: Found[*tuple[Any, ...]]) -> PolicyVersion:
    return PolicyVersion(
        organization_id=row.organization_id,
        scope=row.scope,
        version=row.version,
        digest=row.digest,
        note=row.note,
        created_at=row.created_at,
        created_by=row.created_by,
    )


def _rules(row: Found[*tuple[Any, ...]]) -> PolicyRules:
    return PolicyRules(version=_version(row), modules=read_modules(row.modules))


def _active(row: Found[*tuple[Any, ...]]) -> ActiveVersion:
    return ActiveVersion(scope=row.scope, version=row.version, digest=row.digest)


def _activation(row: Found[*tuple[Any, ...]]) -> PolicyActivation:
    return PolicyActivation(
        organization_id=row.organization_id,
        number=row.number,
        scope=row.scope,
        version=row.version,
        reason=row.reason,
        activated_at=row.activated_at,
        activated_by=row.activated_by,
    )
