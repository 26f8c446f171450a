"""Keep the signed heads of logs, and when a log has to be signed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import (
    BigInteger,
    ForeignKey,
    Index,
    Select,
    Text,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.merkle import Frontier
from runtime.domain.tree_head import SignedHead, TreeHead
from runtime.store.audit_waiting import AuditTreeRow, HeadTerms
from runtime.store.base import Id, Instant, Row
from runtime.store.session import Database, read_row

_DUE: Final = """
select array_agg(tenant) as tenants from (
  select tenant from audit_turns where head_due_at <= now() order by head_due_at limit $1) as due
"""
_MY_TURN: Final = text(
    "select pg_try_advisory_xact_lock(hashtextextended('audit_heads/' || :organization, 0))"
)
# Who appended meanwhile has made the log longer: then it is due again.
_SIGNED: Final = text(
    """
    update audit_turns set headed = :size, head_due_at = case
      when size = :size then null
      when size - :size >= :every then now()
      else now() + make_interval(secs => :within_s) end
    where tenant = :organization
    """
)
_PUT_OFF: Final = text(
    """
    update audit_turns set head_due_at = now() + make_interval(secs => :for_s)
    where tenant = :organization and head_due_at is not null
    """
)
# A key that was succeeded signs nothing more.
_ADD: Final = text(
    """
    insert into audit_heads (organization_id, size, root, at, key_id, signature)
    select :organization, :size, :root, :at, :key, :signature
    where not exists (select from audit_key_epochs where endorsed_by = :key)
      and exists (select from audit_key_epochs where key_id = :key)
    on conflict do nothing
    """
)


class AuditTurnRow(Row):
    """How long a log is, how much of it is signed, and when more of it has to be."""

    __tablename__ = "audit_turns"
    __table_args__ = (
        Index("audit_turns_due", "head_due_at", postgresql_where=text("head_due_at is not null")),
    )

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    headed: Mapped[int] = mapped_column(BigInteger)
    head_due_at: Mapped[Instant | None]


class AuditHeadRow(Row):
    """A signed head."""

    __tablename__ = "audit_heads"
    __table_args__ = (Index("audit_heads_at", "organization_id", "at"),)

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    root: Mapped[str] = mapped_column(Text)
    at: Mapped[Instant]
    key_id: Mapped[Id]
    signature: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """Hold what is to be signed of a log: its frontier, and the head that was signed last."""

    frontier: Frontier
    last: SignedHead | None


async def due_organizations(database: Database, *, most: int) -> Sequence[str]:
    """Return organizations whose logs have to be signed, by the database's clock.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _DUE, most)
    return () if row is None else row["tenants"] or ()


async def take_unsigned(connection: AsyncConnection, organization_id: str) -> Unsigned | None:
    """Return what is to be signed, for the only one who signs until the transaction ends.

    None: somebody else does, or there is no log.
    """
    if not await connection.scalar(_MY_TURN, {"organization": organization_id}):
        return None
    row = AuditTreeRow
    asked = select(row.size, row.frontier).where(row.organization_id == organization_id)
    tree = (await connection.execute(asked)).one_or_none()
    if tree is None:
        return None
    return Unsigned(
        frontier=Frontier(tree.size, tuple(bytes.fromhex(item) for item in tree.frontier)),
        last=await latest_head(connection, organization_id),
    )


async def add_head(connection: AsyncConnection, signed: SignedHead) -> bool:
    """Store a signed head, and say whether its key is the one that signs now."""
    values = {
        "organization": signed.head.organization_id,
        "size": signed.head.size,
        "root": signed.head.root,
        "at": signed.head.at,
        "key": signed.key_id,
        "signature": signed.signature,
    }
    return (await connection.execute(_ADD, values)).rowcount == 1


async def note_signed(
    connection: AsyncConnection, organization_id: str, *, size: int, terms: HeadTerms
) -> None:
    """Note that a log is signed up to a size; what is longer has to be again."""
    values = {
        "organization": organization_id,
        "size": size,
        "every": terms.every,
        "within_s": terms.within_s,
    }
    await connection.execute(_SIGNED, values)


async def note_broken(connection: AsyncConnection, organization_id: str, *, for_s: float) -> None:
    """Note that a log can't be signed as it is; it is looked at again after a while."""
    await connection.execute(_PUT_OFF, {"organization": organization_id, "for_s": for_s})


async def latest_head(connection: AsyncConnection, organization_id: str) -> SignedHead | None:
    """Return the newest signed head of a log."""
    row = AuditHeadRow
    asked = _heads(organization_id).order_by(row.size.desc()).limit(1)
    return next(iter(await _read(connection, asked)), None)


async def head_of_size(
    connection: AsyncConnection, organization_id: str, size: int
) -> SignedHead | None:
    """Return the signed head of a size."""
    asked = _heads(organization_id).where(AuditHeadRow.size == size)
    return next(iter(await _read(connection, asked)), None)


async def heads_after(
    connection: AsyncConnection, organization_id: str, size: int, *, limit: int
) -> Sequence[SignedHead]:
    """Return signed heads that are larger than a size, the smallest first."""
    row = AuditHeadRow
    asked = _heads(organization_id).where(row.size > size).order_by(row.size).limit(limit)
    return await _read(connection, asked)


def _heads(organization_id: str) -> Select[tuple[AuditHeadRow]]:
    return select(AuditHeadRow.__table__).where(AuditHeadRow.organization_id == organization_id)


async def _read(
    connection: AsyncConnection, asked: Select[tuple[AuditHeadRow]]
) -> list[SignedHead]:
    return [
        SignedHead(
            head=TreeHead(
                organization_id=found["organization_id"],
                size=found["size"],
                root=found["root"],
                at=found["at"],
            ),
            key_id=found["key_id"],
            signature=found["signature"],
        )
        for found in (await connection.execute(asked)).mappings()
    ]
