"""Keep how much of each log a sink has, who ships to it, and which signed heads are anchored there.

Who ships serves all organizations: the tables that say how far it is name them and nothing of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKeyConstraint,
    Text,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.ports.audit_sink import Receipt
from runtime.store.base import Id, Instant, Row
from runtime.store.session import Database, read_row

# Who holds it already goes on; another one only when the time of that one is over.
_HOLD: Final = """
insert into audit_shippers as kept (sink, holder, held_until)
values ($1, $2, now() + make_interval(secs => $3))
on conflict (sink) do update set holder = excluded.holder, held_until = excluded.held_until
  where kept.holder = excluded.holder or kept.held_until < now()
returning true as mine
"""
_GIVE_BACK: Final = """
delete from audit_shippers where sink = $1 and holder = $2 returning true as given_back
"""
_BEHIND: Final = """
select array_agg(tenant order by tenant) as tenants, array_agg(shipped order by tenant) as shipped,
  array_agg(anchored order by tenant) as anchored, array_agg(size order by tenant) as size,
  array_agg(headed order by tenant) as headed
from (
  select turn.tenant, turn.size, turn.headed, coalesce(kept.shipped, 0) as shipped,
    coalesce(kept.anchored, 0) as anchored
  from audit_turns as turn
  left join audit_shipments as kept on kept.tenant = turn.tenant and kept.sink = $1
  where turn.tenant > $2 collate "C"
    and (turn.size > coalesce(kept.shipped, 0) or turn.headed > coalesce(kept.anchored, 0))
  order by turn.tenant limit $3
) as behind
"""
_SHIPPED: Final = """
with done as (
  insert into audit_shipments as kept (tenant, sink, shipped, anchored)
  select given.tenant, $1, given.shipped, 0 from unnest($2::text[], $3::bigint[])
    as given (tenant, shipped)
  on conflict (tenant, sink) do update set shipped = greatest(kept.shipped, excluded.shipped)
  returning true
)
select count(*) as written from done
"""
_ANCHORED: Final = text(
    """
    insert into audit_shipments as kept (tenant, sink, shipped, anchored)
    values (:organization, :sink, 0, :size)
    on conflict (tenant, sink) do update set anchored = greatest(kept.anchored, excluded.anchored)
    """
)
# Two sinks that get the same head at once count one after the other.
_ONE_AT_A_TIME: Final = text(
    "select pg_advisory_xact_lock(hashtextextended('audit_anchors/' || :organization, 0))"
)


class AuditShipmentRow(Row):
    """How many leaves of a log a sink has, and up to which size its signed heads."""

    __tablename__ = "audit_shipments"
    __table_args__ = (
        CheckConstraint("shipped >= 0", name="shipped_check"),
        CheckConstraint("anchored >= 0", name="anchored_check"),
    )

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    sink: Mapped[Id] = mapped_column(primary_key=True)
    shipped: Mapped[int] = mapped_column(BigInteger)
    anchored: Mapped[int] = mapped_column(BigInteger)


class AuditShipperRow(Row):
    """Which process ships to a sink, and until when."""

    __tablename__ = "audit_shippers"

    sink: Mapped[Id] = mapped_column(primary_key=True)
    holder: Mapped[Id]
    held_until: Mapped[Instant]


class AuditAnchorRow(Row):
    """Where a signed head is, with the hashes of the leaves since the one before."""

    __tablename__ = "audit_anchors"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "size"], ["audit_heads.organization_id", "audit_heads.size"]
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    sink: Mapped[Id] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    version: Mapped[str] = mapped_column(Text)
    digest: Mapped[str] = mapped_column(Text)
    at: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class Behind:
    """Say how far a sink is with a log that has more.

    Attributes:
        organization_id: whose log.
        size: how many leaves it has.
        headed: how many of them are under signed heads.
        shipped: how many leaves the sink has.
        anchored: up to which size the sink has its signed heads.
    """

    organization_id: str
    size: int
    headed: int
    shipped: int
    anchored: int


async def hold_sink(database: Database, sink: str, *, holder: str, for_s: float) -> bool:
    """Say whether a process ships to a sink from now on, or goes on to, by the database's clock.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    return await read_row(database, _HOLD, sink, holder, for_s) is not None


async def give_back_sink(database: Database, sink: str, *, holder: str) -> None:
    """Let another process ship to a sink at once.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    await read_row(database, _GIVE_BACK, sink, holder)


async def logs_behind(
    database: Database, sink: str, *, after: str = "", most: int
) -> Sequence[Behind]:
    """Return logs that have more than a sink, in the order of their organizations.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _BEHIND, sink, after, most)
    if row is None or row["tenants"] is None:
        return ()
    columns = (row[name] for name in ("tenants", "size", "headed", "shipped", "anchored"))
    return tuple(
        Behind(organization_id=tenant, size=size, headed=headed, shipped=shipped, anchored=anchored)
        for tenant, size, headed, shipped, anchored in zip(*columns, strict=True)
    )


async def note_shipped(database: Database, sink: str, sizes: Mapping[str, int]) -> None:
    """Note how many leaves a sink has now of the logs of organizations.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    await read_row(database, _SHIPPED, sink, list(sizes), list(sizes.values()))


async def add_anchor(
    connection: AsyncConnection,
    receipt: Receipt,
    *,
    organization_id: str,
    size: int,
    now: datetime,
) -> int:
    """Store where a signed head is, and return how many sinks have it now; 0: it was there."""
    await connection.execute(_ONE_AT_A_TIME, {"organization": organization_id})
    row = AuditAnchorRow
    of_head = (row.organization_id == organization_id, row.size == size)
    asked = select(row.sink).where(*of_head, row.sink == receipt.sink)
    known = await connection.scalar(asked) is not None
    if not known:
        await connection.execute(
            insert(row).values(
                organization_id=organization_id,
                size=size,
                sink=receipt.sink,
                name=receipt.name,
                version=receipt.version,
                digest=receipt.digest,
                at=now,
            )
        )
    values = {"organization": organization_id, "sink": receipt.sink, "size": size}
    await connection.execute(_ANCHORED, values)
    if known:
        return 0
    return await connection.scalar(select(func.count()).where(*of_head)) or 0


async def anchors_of(
    connection: AsyncConnection, organization_id: str, size: int, *, limit: int = 100
) -> Sequence[Receipt]:
    """Return where a signed head is."""
    row = AuditAnchorRow
    asked = (
        select(row.sink, row.name, row.version, row.digest)
        .where(row.organization_id == organization_id, row.size == size)
        .order_by(row.sink)
        .limit(limit)
    )
    return [
        Receipt(sink=found.sink, name=found.name, version=found.version, digest=found.digest)
        for found in await connection.execute(asked)
    ]
