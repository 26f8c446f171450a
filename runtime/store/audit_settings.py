"""Keep what organizations demand of their audit records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import BigInteger, Boolean, CheckConstraint, ForeignKey, case, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.audit_reconciliations import reconcile_from_now_on
from runtime.store.base import Id, Instant, Row

_NO_COMMIT_UNDER_WAY: Final = text(
    "select pg_advisory_xact_lock(hashtextextended('audit_settings/' || :organization, 0))"
)


class AuditSettingsRow(Row):
    """What an organization demands; one without a row demands nothing."""

    __tablename__ = "audit_settings"
    __table_args__ = (
        CheckConstraint("strict = (strict_since is not null)", name="since_check"),
        CheckConstraint("keep_days between 1 and 36500", name="keep_check"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    strict: Mapped[bool] = mapped_column(Boolean)
    strict_since: Mapped[Instant | None]
    keep_days: Mapped[int | None] = mapped_column(BigInteger)
    changed_by: Mapped[Id]
    changed_at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditSettings:
    """Say what an organization demands of its audit records.

    Attributes:
        strict: nothing is committed before an immutable copy of its records is written.
        strict_since: since when; None where it is not strict.
        keep_days: days after which what records say can't be read any more; None: no end.
    """

    strict: bool = False
    strict_since: datetime | None = None
    keep_days: int | None = None


async def read_audit_settings(connection: AsyncConnection, organization_id: str) -> AuditSettings:
    """Return what an organization demands."""
    row = AuditSettingsRow
    found = (
        await connection.execute(
            select(row.strict, row.strict_since, row.keep_days).where(
                row.organization_id == organization_id
            )
        )
    ).first()
    if found is None:
        return AuditSettings()
    return AuditSettings(
        strict=found.strict, strict_since=found.strict_since, keep_days=found.keep_days
    )


async def put_audit_settings(
    connection: AsyncConnection,
    organization_id: str,
    *,
    strict: bool,
    keep_days: int | None,
    changed_by: str,
    now: datetime,
) -> None:
    """Say what an organization demands from now on; what stays strict is so since it was first.

    Who makes it strict waits for the commits that are under way: none without copies ends later.
    Copies of one that is strict, or ever was, are compared with its log.

    Args:
        connection: of a transaction of the organization.
        organization_id: whose settings they are.
        strict: whether nothing is committed without an immutable copy.
        keep_days: 1 to 36,500, or None.
        changed_by: the member who says so.
        now: when.
    """
    if strict:
        await connection.execute(_NO_COMMIT_UNDER_WAY, {"organization": organization_id})
    row = AuditSettingsRow
    given = insert(row).values(
        organization_id=organization_id,
        strict=strict,
        strict_since=now if strict else None,
        keep_days=keep_days,
        changed_by=changed_by,
        changed_at=now,
    )
    first = func.coalesce(row.strict_since, given.excluded.strict_since)
    since = case((given.excluded.strict, first), else_=None)
    await connection.execute(
        given.on_conflict_do_update(
            index_elements=[row.organization_id],
            set_={
                "strict": given.excluded.strict,
                "strict_since": since,
                "keep_days": given.excluded.keep_days,
                "changed_by": given.excluded.changed_by,
                "changed_at": given.excluded.changed_at,
            },
        )
    )
    if strict:
        await reconcile_from_now_on(connection, organization_id)
