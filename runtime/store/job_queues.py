"""Keep what organizations and projects say of their jobs: paused, how many at once and a minute.

Relays ask it before they hand over, and `begin_jobs` before it lets one start. What is said holds
when its transaction commits: it waits for what is being handed over or begun, so that nothing is
after a pause. Call these last in a transaction, since whoever begins jobs of the organization waits
for it to end.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Double,
    ForeignKey,
    Select,
    Text,
    TextClause,
    func,
    select,
    text,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.job import JobStatus
from runtime.domain.job_queue import MOST_COUNTED, QueueCounts, QueuePause, QueueSettings
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.jobs import JobRow


class JobQueueRow(Row):
    """What is said of the jobs of an organization, or of one of its projects.

    `scope` is the project's id, or else the organization's.
    """

    __tablename__ = "job_queues"
    __table_args__ = (
        of_project(),
        CheckConstraint("scope = coalesce(project_id, organization_id)", name="scope_check"),
        CheckConstraint(
            "(paused_at is null) = (paused_by is null) and (paused_at is null) = (why is null)",
            name="pause_check",
        ),
        CheckConstraint("at_once between 1 and 10000", name="at_once_check"),
        CheckConstraint("per_minute between 1 and 600000", name="per_minute_check"),
    )

    organization_id: Mapped[Id] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    scope: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id | None]
    paused_at: Mapped[Instant | None]
    paused_by: Mapped[Id | None]
    why: Mapped[str | None] = mapped_column(Text)
    at_once: Mapped[int | None] = mapped_column(BigInteger)
    per_minute: Mapped[int | None] = mapped_column(BigInteger)
    tokens: Mapped[float] = mapped_column(Double)
    filled_at: Mapped[Instant]
    changed_at: Mapped[Instant]
    changed_by: Mapped[Id]


_READ: Final = text("""
select paused_at, paused_by, why, at_once, per_minute, changed_at, changed_by from job_queues
where organization_id = :organization and scope = :scope
""")
_TAKE_TURN: Final = text("""
select pg_advisory_xact_lock(hashtextextended(:organization, 13)),
  pg_advisory_xact_lock(hashtextextended(:organization, 12))
""")
"""The first is held by a relay that takes an organization's jobs, the second by who begins some."""
_PAUSE: Final = text("""
insert into job_queues as queue
  (organization_id, scope, project_id, paused_at, paused_by, why, tokens, filled_at, changed_at,
   changed_by)
values (:organization, :scope, :project, now(), :by, :why, 1, now(), now(), :by)
on conflict (organization_id, scope) do update set
  paused_at = now(), paused_by = :by, why = :why, changed_at = now(), changed_by = :by
where queue.paused_at is null
""")
_RESUME: Final = text("""
update job_queues set
  paused_at = null, paused_by = null, why = null, changed_at = now(), changed_by = :by
where organization_id = :organization and scope = :scope and paused_at is not null
""")
_LIMIT: Final = text("""
insert into job_queues as queue
  (organization_id, scope, project_id, at_once, per_minute, tokens, filled_at, changed_at,
   changed_by)
values (:organization, :scope, :project, cast(:at_once as bigint), cast(:per_minute as bigint), 1,
  now(), now(), :by)
on conflict (organization_id, scope) do update set
  at_once = excluded.at_once, per_minute = excluded.per_minute,
  tokens = least(coalesce(tokens_left(queue.tokens, queue.filled_at, queue.per_minute), 1),
    greatest(1, excluded.per_minute / 30.0)),
  filled_at = now(), changed_at = now(), changed_by = :by
""")
_COUNT_OPEN: Final = text("""
select 'waiting' as status, count(*) as jobs from (
  select from outbox
  where tenant = :organization and project_id between :first and :last limit :most
) as offered
union all
select 'waiting', count(*) from (
  select from jobs
  where organization_id = :organization and project_id between :first and :last
    and serial_key is not null and status = 'waiting' and not offered limit :most
) as behind_others
union all
select 'running', count(*) from (
  select from jobs
  where organization_id = :organization and project_id between :first and :last
    and status = 'running' limit :most
) as running
""")
_OLDEST: Final = text("""
with recursive lanes as (
  (
    select project_id from outbox
    where tenant = :organization and project_id between :first and :last
    order by project_id limit 1
  )
  union all
  select (
    select beyond.project_id from outbox as beyond
    where beyond.tenant = :organization and beyond.project_id > lanes.project_id
      and beyond.project_id <= :last
    order by beyond.project_id limit 1
  ) from lanes where lanes.project_id is not null
)
select extract(epoch from now() - min(oldest.not_before))::double precision as wait_s
from lanes cross join generate_series(0, 9) as ranks (rank) cross join lateral (
  select not_before from outbox
  where tenant = :organization and project_id = lanes.project_id and priority = ranks.rank
    and not_before <= now() and handed = 0
  order by not_before limit 1
) as oldest
""")
_IS_GIVEN_UP: Final = text("jobs.status in ('dead', 'cancelled', 'quarantined')")
"""As the index of them says it."""
_Counts: TypeAlias = Select[str, int]
_BEFORE_ALL: Final = ""
_BEHIND_ALL: Final = "~"


async def read_queue(
    connection: AsyncConnection, *, organization_id: str, project_id: str | None = None
) -> QueueSettings:
    """Return what an organization says of its jobs, or one of its projects."""
    values = {"organization": organization_id, "scope": project_id or organization_id}
    found = (await connection.execute(_READ, values)).first()
    return QueueSettings() if found is None else _settings(found)


async def pause(
    connection: AsyncConnection,
    *,
    organization_id: str,
    by: str,
    why: str,
    project_id: str | None = None,
) -> QueueSettings:
    """Hold jobs back that do not run yet; of what is paused already, the first word stands."""
    words = {"by": by, "why": why}
    return await _said(
        connection, _PAUSE, words, organization_id=organization_id, project_id=project_id
    )


async def resume(
    connection: AsyncConnection, *, organization_id: str, by: str, project_id: str | None = None
) -> QueueSettings:
    """Let jobs flow again."""
    return await _said(
        connection, _RESUME, {"by": by}, organization_id=organization_id, project_id=project_id
    )


async def limit(
    connection: AsyncConnection,
    *,
    organization_id: str,
    by: str,
    at_once: int | None,
    per_minute: int | None,
    project_id: str | None = None,
) -> QueueSettings:
    """Set both limits; None takes one away."""
    words = {"by": by, "at_once": at_once, "per_minute": per_minute}
    return await _said(
        connection, _LIMIT, words, organization_id=organization_id, project_id=project_id
    )


async def count_jobs(
    connection: AsyncConnection, *, organization_id: str, project_id: str | None = None
) -> QueueCounts:
    """Count jobs by how they stand, of an organization or of one of its projects; bounded.

    Those that are done are counted among the newest `MOST_COUNTED`.
    """
    span = {
        "organization": organization_id,
        "first": project_id or _BEFORE_ALL,
        "last": project_id or _BEHIND_ALL,
    }
    jobs = dict.fromkeys(JobStatus, 0)
    for row in await connection.execute(_COUNT_OPEN, {**span, "most": MOST_COUNTED}):
        status = JobStatus(row.status)
        jobs[status] = min(MOST_COUNTED, jobs[status] + row.jobs)
    for asked in (_newest_done, _given_up):
        for ended, found in await connection.execute(asked(organization_id, project_id)):
            jobs[JobStatus(ended)] = found
    oldest = await connection.execute(_OLDEST, span)
    return QueueCounts(jobs=jobs, oldest_wait_s=oldest.scalar_one())


async def _said(
    connection: AsyncConnection,
    word: TextClause,
    words: Mapping[str, str | int | None],
    *,
    organization_id: str,
    project_id: str | None,
) -> QueueSettings:
    """Say something of a queue when it is nobody else's turn, and return what holds then."""
    of_whom = {"organization": organization_id, "scope": project_id or organization_id}
    await connection.execute(_TAKE_TURN, {"organization": organization_id})
    await connection.execute(word, {**of_whom, **words, "project": project_id})
    return await read_queue(connection, organization_id=organization_id, project_id=project_id)


def _newest_done(organization_id: str, project_id: str | None) -> _Counts:
    newest = (
        select(JobRow.status)
        .where(*_of(organization_id, project_id))
        .order_by(JobRow.id.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    done = newest.c.status == JobStatus.DONE
    return select(newest.c.status, func.count()).where(done).group_by(newest.c.status)


def _given_up(organization_id: str, project_id: str | None) -> _Counts:
    newest = (
        select(JobRow.status)
        .where(*_of(organization_id, project_id), _IS_GIVEN_UP)
        .order_by(JobRow.id.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    return select(newest.c.status, func.count()).group_by(newest.c.status)


def _of(organization_id: str, project_id: str | None) -> tuple[ColumnElement[bool], ...]:
    of_tenant = JobRow.organization_id == organization_id
    return (of_tenant,) if project_id is None else (of_tenant, JobRow.project_id == project_id)


def _settings(row: Found[*tuple[Any, ...]]) -> QueueSettings:
    paused = row.paused_at is not None
    return QueueSettings(
        pause=QueuePause(at=row.paused_at, by=row.paused_by, why=row.why) if paused else None,
        at_once=row.at_once,
        per_minute=row.per_minute,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )
