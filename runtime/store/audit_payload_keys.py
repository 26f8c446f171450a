"""Keep the keys under which audit records are sealed, wrapped under a key that is not here.

A key is of one subject in one month. Once it is destroyed its row stays, without the key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, select, text
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.store.base import Id, Instant, Row

_LIVE: Final = text("""
select k.id, k.subject, k.period, k.wrapped
from unnest(cast(:subjects as text[]), cast(:periods as text[])) as wanted (subject, period)
join audit_payload_keys as k
  on k.subject = wanted.subject and k.period = wanted.period and k.destroyed_at is null
  and k.organization_id = :organization
""")
_ADD: Final = text("""
insert into audit_payload_keys (organization_id, id, subject, period, wrapped, created_at)
select :organization, added.id, added.subject, added.period, added.wrapped, :now
from unnest(
  cast(:ids as text[]), cast(:subjects as text[]), cast(:periods as text[]),
  cast(:wrapped as bytea[])
) as added (id, subject, period, wrapped)
on conflict do nothing
""")
_DESTROY: Final = text(
    "select destroyed, hold_name, waiting from destroy_audit_keys("
    "cast(:organization as text), cast(:subject as text), cast(:ended_before as text),"
    " cast(:why as text), cast(:at as timestamptz), cast(:most as bigint))"
)


class AuditPayloadKeyRow(Row):
    """A key of a subject in a month; whoever reads this table can open nothing."""

    __tablename__ = "audit_payload_keys"
    __table_args__ = (
        CheckConstraint("period ~ '^[0-9]{4}-(0[1-9]|1[0-2])$'", name="period_check"),
        CheckConstraint("destroyed_why in ('erased', 'expired')", name="why_check"),
        CheckConstraint(
            "(wrapped is null) = (destroyed_at is not null)"
            " and (wrapped is null) = (destroyed_why is not null)",
            name="destroyed_check",
        ),
        Index(
            "audit_payload_keys_live",
            "organization_id",
            "subject",
            "period",
            unique=True,
            postgresql_where=text("destroyed_at is null"),
        ),
        Index("audit_payload_keys_subject", "organization_id", "subject"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    subject: Mapped[Id]
    period: Mapped[Id]
    wrapped: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Instant]
    destroyed_at: Mapped[Instant | None]
    destroyed_why: Mapped[str | None] = mapped_column(Text)


class WhyDestroyed(StrEnum):
    """Say why a key is no more: its subject was erased, or its records were kept for long."""

    ERASED = "erased"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """Hold a key as it is stored.

    Attributes:
        id: `apk_` and 26 letters.
        subject: whose records it seals.
        period: the month of these records in UTC, such as `2026-11`.
        wrapped: the key, which only the server's key opens.
    """

    id: str
    subject: str
    period: str
    wrapped: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """Say which keys to destroy.

    Attributes:
        subject: whose; None: everybody's that no hold keeps.
        ended_before: of periods before this one; None: of all.
        at_most: how many of everybody's; of a subject they are all destroyed at once.
    """

    why: WhyDestroyed
    subject: str | None = None
    ended_before: str | None = None
    at_most: int = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed:
    """Say what a destruction did.

    Attributes:
        keys: how many are no more.
        hold: the name of a hold that keeps the subject's; then none was destroyed.
        waiting: records of the subject are not in the log yet; then none was destroyed.
    """

    keys: int
    hold: str | None
    waiting: bool


async def live_keys(
    connection: AsyncConnection, organization_id: str, wanted: Collection[tuple[str, str]]
) -> tuple[WrappedKey, ...]:
    """Return the keys of these subjects and periods, as far as there are any."""
    pairs = list(wanted)
    found = await connection.execute(
        _LIVE,
        {
            "organization": organization_id,
            "subjects": [subject for subject, _ in pairs],
            "periods": [period for _, period in pairs],
        },
    )
    return tuple(map(_key, found))


async def keys_with_ids(
    connection: AsyncConnection, organization_id: str, ids: Collection[str]
) -> tuple[WrappedKey, ...]:
    """Return the keys with these ids, without those that are destroyed."""
    row = AuditPayloadKeyRow
    asked = (
        select(row.id, row.subject, row.period, row.wrapped)
        .where(row.organization_id == organization_id, row.id.in_(list(ids)))
        .where(row.destroyed_at.is_(None))
    )
    return tuple(map(_key, await connection.execute(asked)))


async def has_had_keys(connection: AsyncConnection, organization_id: str, subject: str) -> bool:
    """Say whether there ever was a key of a subject."""
    row = AuditPayloadKeyRow
    asked = select(row.id).where(row.organization_id == organization_id, row.subject == subject)
    return (await connection.execute(asked.limit(1))).first() is not None


async def add_keys(
    connection: AsyncConnection,
    keys: Iterable[WrappedKey],
    *,
    organization_id: str,
    now: datetime,
) -> None:
    """Store keys, but for those whose subject and period has got one meanwhile."""
    ordered = sorted(keys, key=lambda key: (key.subject, key.period))  # none wait in a ring
    await connection.execute(
        _ADD,
        {
            "organization": organization_id,
            "now": now,
            "ids": [key.id for key in ordered],
            "subjects": [key.subject for key in ordered],
            "periods": [key.period for key in ordered],
            "wrapped": [key.wrapped for key in ordered],
        },
    )


async def destroy_keys(
    connection: AsyncConnection,
    wanted: Destruction,
    *,
    organization_id: str,
    at: datetime,
) -> Destroyed:
    """Destroy keys for ever, as far as no hold keeps them."""
    values = {
        "organization": organization_id,
        "subject": wanted.subject,
        "ended_before": wanted.ended_before,
        "why": wanted.why.value,
        "at": at,
        "most": wanted.at_most,
    }
    row = (await connection.execute(_DESTROY, values)).one()
    return Destroyed(keys=row.destroyed, hold=row.hold_name, waiting=row.waiting)


def _key(row: Found[*tuple[Any, ...]]) -> WrappedKey:
    return WrappedKey(id=row.id, subject=row.subject, period=row.period, wrapped=row.wrapped)
