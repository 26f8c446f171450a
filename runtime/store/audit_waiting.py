"""Take records that wait for their numbers, and append them to their organization's log.

A record waits from the commit that wrote it on. Records are taken in the order of (position, turn),
and only those of transactions below the oldest one that still writes: whatever commits later has a
later position, so nothing is passed over and nobody who commits waits for anybody. A record whose
position no transaction of this server had yet came out of a dump, and can have its number as well.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from sqlalchemy import ARRAY, BigInteger, ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.audit_leaf import Leaf
from runtime.domain.audit_tiles import Growth
from runtime.domain.errors import StorageRefusedError, StorageUnavailableError
from runtime.domain.merkle import Frontier
from runtime.domain.record import AuditRecord
from runtime.store.base import Id, Row
from runtime.store.session import LOST, Database, read_row, tenant

_ORGANIZATIONS: Final = "select audit_waiting($1, $2) as tenants"
# The setting is made before row security asks for it: in a statement of its own. A plan that was
# made while nobody waited would sort all who do, each time.
_MY_TURN: Final = """
select set_config('app.organization_id', $1, true),
  set_config('plan_cache_mode', 'force_custom_plan', true),
  pg_try_advisory_xact_lock(hashtextextended('audit_log/' || $1, 0)) as mine
"""
_TREE: Final = "select size, frontier from audit_trees where organization_id = $1"
_WAITING_FORM: Final = """
select * from (
  select line.*, sum(octet_length(document)) over (order by position, turn) as bytes,
    row_number() over (order by position, turn) as place, count(*) over () as lines
  from (
    select id, project_id, principal_id, kind, document, digest, created_at, position, turn,
      pg_snapshot_xmin(pg_current_snapshot())::text::bigint as horizon
    from audit_records
    where organization_id = $1
      and position {readable}
    order by position, turn
    limit $2
  ) as line
) as counted
where bytes <= $3 or place = 1
order by position, turn
"""
_WAITING: Final = _WAITING_FORM.format(
    readable="< pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
)
_DUMPED: Final = _WAITING_FORM.format(
    readable=">= pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
)
_CLEAR_DUMPED: Final = """
delete from audit_outbox
where tenant = $1 and position >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint
"""
_APPEND: Final = """
select append_audit_leaves($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) as done
"""


class AuditOutboxRow(Row):
    """A transaction that wrote records which may still wait."""

    __tablename__ = "audit_outbox"

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class AuditTreeRow(Row):
    """The size and the frontier of an organization's log, which only grows."""

    __tablename__ = "audit_trees"

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    frontier: Mapped[list[str]] = mapped_column(ARRAY(Text))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRecord:
    """Hold a record, and when it was written."""

    record: AuditRecord
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """Hold the oldest records that wait.

    Attributes:
        records: in their order.
        past: whatever was written by transactions below it is among them, or has its number.
        more: there are others, which can have their numbers right after.
    """

    records: tuple[WaitingRecord, ...]
    past: int
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadTerms:
    """Say when a log has to be signed: so long after an append, or once so many leaves are new.

    Ten seconds are promised; a look, a signature and a slow machine have the rest of them.
    """

    within_s: float = 6.0
    every: int = 1_000


class NumberingTurn:
    """Be the only one who numbers an organization's records, for as long as a transaction."""

    def __init__(self, connection: PoolConnectionProxy[Any], organization_id: str) -> None:
        self._connection = connection
        self._organization_id = organization_id

    async def frontier(self) -> Frontier:
        """Return the frontier of the log."""
        row = await self._connection.fetchrow(_TREE, self._organization_id)
        if row is None:
            return Frontier()
        return Frontier(row["size"], tuple(bytes.fromhex(text) for text in row["frontier"]))

    async def waiting(self, *, most: int, most_bytes: int) -> WaitingLine:
        """Return the oldest records that wait, so many and so large at most, but for one."""
        wanted = (self._organization_id, most + 1, most_bytes)
        rows = await self._connection.fetch(_WAITING, *wanted)
        if not rows:
            rows = await self._connection.fetch(_DUMPED, *wanted)
        if not rows:
            await self._connection.execute(_CLEAR_DUMPED, self._organization_id)
            return WaitingLine(records=(), past=0, more=False)
        kept = rows[:most]
        horizon = kept[-1]["horizon"]
        cut = rows[0]["lines"] > len(kept)  # then the last transaction may have more records
        return WaitingLine(
            records=tuple(_waiting(row) for row in kept),
            past=min(kept[-1]["position"], horizon) if cut else horizon,
            more=cut,
        )

    async def append(
        self,
        leaves: Sequence[Leaf],
        growth: Growth,
        *,
        hashes: Sequence[bytes],
        past: int,
        terms: HeadTerms,
    ) -> bool:
        """Append leaves of records that wait, and say whether the log had the size for it.

        Args:
            leaves: in their order; their records wait no more.
            growth: what the tree is with them.
            hashes: of the leaves.
            past: as `waiting` said.
            terms: when the log has to be signed.
        """
        tiles = sorted(growth.tiles.items(), key=lambda tile: (tile[0].level, tile[0].index))
        done: bool = await self._connection.fetchval(
            _APPEND,
            self._organization_id,
            growth.frontier.size - len(leaves),
            [leaf.id for leaf in leaves],
            [leaf.key_id for leaf in leaves],
            [leaf.payload for leaf in leaves],
            [leaf.commitment for leaf in leaves],
            [item.hex() for item in hashes],
            [item.hex() for item in growth.frontier.hashes],
            [tile.level for tile, _ in tiles],
            [tile.index for tile, _ in tiles],
            [top.hex() for _, top in tiles],
            past,
            terms.within_s,
            terms.every,
        )
        return done


async def waiting_organizations(database: Database, *, after: str = "", most: int) -> Sequence[str]:
    """Return organizations with records that can have their numbers, in the order of their ids.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _ORGANIZATIONS, after, most)
    return () if row is None else row["tenants"] or ()


@asynccontextmanager
async def numbering_turn(
    database: Database, organization_id: str
) -> AsyncIterator[NumberingTurn | None]:
    """Open a transaction in which nobody else numbers an organization's records; None: one does.

    Raises:
        TenantContextMissingError: no organization's id was given.
        StorageUnavailableError: the database can't be asked; nothing was done, or all of it.
        StorageRefusedError: it refused what was appended, and nothing was done.
    """
    organization = tenant(organization_id)
    async with database.connection() as connection:
        try:
            async with connection.transaction():
                row = await connection.fetchrow(_MY_TURN, organization)
                mine = row is not None and row["mine"]
                yield NumberingTurn(connection, organization) if mine else None
        except LOST as error:
            raise StorageUnavailableError(reason=type(error).__name__) from error
        except asyncpg.PostgresError as error:
            raise StorageRefusedError(reason=type(error).__name__) from error


def _waiting(row: Mapping[str, Any]) -> WaitingRecord:
    record = AuditRecord(
        id=row["id"],
        principal_id=row["principal_id"],
        kind=row["kind"],
        document=row["document"],
        digest=row["digest"],
        project_id=row["project_id"],
    )
    return WaitingRecord(record=record, at=row["created_at"])
