"""Delete jobs that ended long ago, a few at a time; the database lets nobody delete any other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.store.session import Database, read_row

_TENANTS: Final = (
    "select array_agg(id order by id) as ids from ("
    "select id from listed_organizations where id > $1 order by id limit $2) as listed"
)
_DELETE: Final = text("""
with seen as (
  select id from jobs
  where organization_id = :organization and id > :after and id < :before order by id limit :most
), gone as (
  delete from jobs using seen
  where jobs.organization_id = :organization and jobs.id = seen.id and jobs.ended_at < now()
    - make_interval(secs => case jobs.status when 'done' then cast(:done_s as double precision)
      else cast(:given_up_s as double precision) end)
  returning jobs.id
)
select (select max(id) from seen) as last, (select count(*) from gone) as jobs
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFor:
    """Say how long jobs are kept once they ended: those that are done, and those given up."""

    done_s: float = 30 * 86_400.0
    given_up_s: float = 90 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """Say how many jobs were deleted, and behind which id to go on; None: there are no more."""

    jobs: int
    last: str | None


async def next_tenants(database: Database, *, after: str, most: int) -> tuple[str, ...]:
    """Return the next organizations in the order of their ids, archived ones too.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    row = await read_row(database, _TENANTS, after, most)
    return tuple(() if row is None else row["ids"] or ())


async def delete_ended(  # whose, which, how old, and how many
    connection: AsyncConnection,
    *,
    organization_id: str,
    after: str,
    before: str,
    kept: KeptFor,
    most: int,
) -> Deleted:
    """Look at the next jobs of the transaction's organization, and delete those that are too old.

    Args:
        connection: of the organization's transaction.
        organization_id: whose jobs.
        after: behind which id to look.
        before: from which id on jobs can't be old enough.
        kept: how long they are kept.
        most: how many are looked at.
    """
    values = {
        "organization": organization_id,
        "after": after,
        "before": before,
        "done_s": kept.done_s,
        "given_up_s": kept.given_up_s,
        "most": most,
    }
    row = (await connection.execute(_DELETE, values)).one()
    return Deleted(jobs=row.jobs, last=row.last)
