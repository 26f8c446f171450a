"""Read the leaves of an organization's log, and the hashes that proofs are made of.

Leaves are appended by `store.audit_waiting` alone, and nobody changes any.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Index,
    Select,
    Text,
    bindparam,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.audit_leaf import Leaf
from runtime.domain.audit_tiles import HashRow, row_of, top_of
from runtime.domain.merkle import Subtree
from runtime.store.audit_heads import AuditHeadRow
from runtime.store.audit_waiting import AuditTreeRow
from runtime.store.base import Id, Instant, Row

_CLOCKS_DIFFER: Final = timedelta(minutes=5)
_HASHES: Final = text(
    """
    select wanted.place, found.hash
    from unnest(:levels, :firsts, :counts) with ordinality
      as wanted (level, first, count, place)
    cross join lateral (
      select leaf.sequence as index, leaf.hash from audit_leaves as leaf
      where wanted.level = 0 and leaf.organization_id = :organization
        and leaf.sequence >= wanted.first and leaf.sequence < wanted.first + wanted.count
      union all
      select tile.index, tile.hash from audit_tiles as tile
      where wanted.level > 0 and tile.organization_id = :organization
        and tile.level = wanted.level
        and tile.index >= wanted.first and tile.index < wanted.first + wanted.count
    ) as found
    order by wanted.place, found.index
    """
).bindparams(*(bindparam(name, type_=ARRAY(BigInteger)) for name in ("levels", "firsts", "counts")))


class AuditLeafRow(Row):
    """A record with its number; its document is sealed."""

    __tablename__ = "audit_leaves"
    __table_args__ = (
        CheckConstraint("sequence >= 0", name="sequence_check"),
        Index("audit_leaves_id", "organization_id", "id", unique=True),
        Index("audit_leaves_kind", "organization_id", "kind", "sequence"),
        Index("audit_leaves_principal", "organization_id", "principal_id", "sequence"),
        Index(
            "audit_leaves_project",
            "organization_id",
            "project_id",
            "sequence",
            postgresql_where=text("project_id is not null"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    id: Mapped[Id]
    kind: Mapped[Id]
    principal_id: Mapped[Id]
    project_id: Mapped[Id | None]
    at: Mapped[Instant]
    key_id: Mapped[Id]
    payload: Mapped[str] = mapped_column(Text)
    commitment: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)


class AuditTileRow(Row):
    """The hash of a complete subtree of 2**level leaves."""

    __tablename__ = "audit_tiles"
    __table_args__ = (CheckConstraint("level > 0 and level % 8 = 0", name="level_check"),)

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    index: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(Text)


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedLeaf:
    """Hold a leaf with its number, which begins with 0, and its hash in lower hex."""

    sequence: int
    leaf: Leaf
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafFilter:
    """Say which leaves are wanted; None: any.

    Attributes:
        since: written at that instant or later.
        until: written before that instant.
    """

    kind: str | None = None
    principal_id: str | None = None
    project_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def leaves_after(
    connection: AsyncConnection,
    sequence: int,
    *,
    organization_id: str,
    limit: int,
    wanted: LeafFilter | None = None,
) -> Sequence[NumberedLeaf]:
    """Return leaves behind a number, in the order of their numbers; behind -1 are all."""
    row = AuditLeafRow
    asked = (
        select(row.__table__)
        .where(row.organization_id == organization_id, row.sequence > sequence)
        .where(*_wanted(wanted or LeafFilter(), organization_id))
        .order_by(row.sequence)
        .limit(limit)
    )
    return await _leaves(connection, asked)


async def next_leaves(
    connection: AsyncConnection, organization_id: str, *, first: int, most: int, most_bytes: int
) -> Sequence[NumberedLeaf]:
    """Return leaves from a number on, so many at most.

    Their payloads have so many bytes at most, but for one that is larger.
    """
    row = AuditLeafRow
    line = (
        select(row.__table__)
        .where(row.organization_id == organization_id, row.sequence >= first)
        .order_by(row.sequence)
        .limit(most)
    ).subquery()
    size = func.sum(func.octet_length(line.c.payload)).over(order_by=line.c.sequence)
    counted = select(line, size.label("size")).subquery()
    asked = (
        select(counted)
        .where(or_(counted.c.size <= most_bytes, counted.c.sequence == first))
        .order_by(counted.c.sequence)
    )
    return await _leaves(connection, asked)


async def leaf_of_record(
    connection: AsyncConnection, record_id: str, *, organization_id: str
) -> NumberedLeaf | None:
    """Return the leaf of a record; None: there is no such record, or it waits for its number."""
    row = AuditLeafRow
    asked = select(row.__table__).where(row.organization_id == organization_id, row.id == record_id)
    return next(iter(await _leaves(connection, asked)), None)


async def log_size(connection: AsyncConnection, organization_id: str) -> int:
    """Return how many leaves a log has; 0 where there is none."""
    row = AuditTreeRow
    asked = select(row.size).where(row.organization_id == organization_id)
    return await connection.scalar(asked) or 0


async def leaf_hashes(
    connection: AsyncConnection, organization_id: str, *, first: int, end: int
) -> Sequence[bytes]:
    """Return the hashes of leaves from a number on, up to another and without it."""
    row = AuditLeafRow
    asked = (
        select(row.hash)
        .where(row.organization_id == organization_id, row.sequence >= first, row.sequence < end)
        .order_by(row.sequence)
        .limit(max(0, end - first))
    )
    return [bytes.fromhex(found) for found in await connection.scalars(asked)]


async def subtree_hashes(
    connection: AsyncConnection, organization_id: str, subtrees: Collection[Subtree]
) -> Mapping[Subtree, bytes]:
    """Return the hashes of complete subtrees; those that a log has no leaves for are missing."""
    rows = {subtree: row_of(subtree) for subtree in subtrees}
    found: list[list[bytes]] = [[] for _ in rows]
    for place, text_of_hash in await connection.execute(
        _HASHES,
        {
            "organization": organization_id,
            "levels": [row.level for row in rows.values()],
            "firsts": [row.first for row in rows.values()],
            "counts": [row.count for row in rows.values()],
        },
    ):
        found[place - 1].append(bytes.fromhex(text_of_hash))
    return {
        subtree: top_of(hashes)
        for (subtree, row), hashes in zip(rows.items(), found, strict=True)
        if _complete(row, hashes)
    }


def _complete(row: HashRow, hashes: Sequence[bytes]) -> bool:
    return len(hashes) == row.count


def _wanted(wanted: LeafFilter, organization_id: str) -> list[ColumnElement[bool]]:
    row = AuditLeafRow
    conditions: list[ColumnElement[bool]] = []
    equal = (
        (row.kind, wanted.kind),
        (row.principal_id, wanted.principal_id),
        (row.project_id, wanted.project_id),
    )
    conditions += [column == value for column, value in equal if value is not None]
    if wanted.since is not None:
        conditions += [
            row.at >= wanted.since,
            # What a head covers was written before it: of those leaves none is read.
            row.sequence >= _covered_before(wanted.since - _CLOCKS_DIFFER, organization_id),
        ]
    if wanted.until is not None:
        conditions.append(row.at < wanted.until)
    return conditions


def _covered_before(instant: datetime, organization_id: str) -> ColumnElement[int]:
    head = AuditHeadRow
    covered = select(func.max(head.size)).where(
        head.organization_id == organization_id, head.at < instant
    )
    return func.coalesce(covered.scalar_subquery(), 0)


async def _leaves(connection: AsyncConnection, asked: Select[Any]) -> list[NumberedLeaf]:
    return [_numbered(found) for found in (await connection.execute(asked)).mappings()]


def _numbered(found: RowMapping) -> NumberedLeaf:
    leaf = Leaf(
        organization_id=found["organization_id"],
        id=found["id"],
        kind=found["kind"],
        principal_id=found["principal_id"],
        project_id=found["project_id"],
        at=found["at"],
        key_id=found["key_id"],
        payload=found["payload"],
        commitment=found["commitment"],
    )
    return NumberedLeaf(sequence=found["sequence"], leaf=leaf, hash=found["hash"])
