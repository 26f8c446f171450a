"""Keep jobs: put with what they follow from, leased by workers, ended under their own fence.

Each change of a job is one call of a function of the database, which also keeps the outbox in line
with it. Times of leases and waits are the database's, so clocks of machines don't matter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import asyncpg
import orjson
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Double,
    Index,
    Text,
    and_,
    case,
    select,
    text,
)
from sqlalchemy import Row as Found
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import StorageRefusedError, StorageUnavailableError
from runtime.domain.job import (
    MOST_CRASHES,
    AttemptEnd,
    BegunJob,
    EndCause,
    Job,
    JobKind,
    JobStatus,
    NewJob,
)
from runtime.store.base import Id, Instant, Row, of_project
from runtime.store.session import LOST, Database, tenant


class JobRow(Row):
    """A job."""

    __tablename__ = "jobs"
    __table_args__ = (
        of_project(),
        CheckConstraint("kind in ('effect', 'plan')", name="kind_check"),
        CheckConstraint(
            "status in ('waiting', 'running', 'done', 'dead', 'cancelled', 'quarantined')",
            name="status_check",
        ),
        CheckConstraint("priority between 0 and 9", name="priority_check"),
        CheckConstraint("octet_length(payload) <= 65536", name="payload_check"),
        CheckConstraint("octet_length(result) <= 65536", name="result_check"),
        CheckConstraint(
            "cause in ('error', 'timeout', 'expired', 'denied', 'unknown_effect', 'crashed', "
            "'cancelled', 'permanent')",
            name="cause_check",
        ),
        CheckConstraint(
            "(status = 'running') = (leased_by is not null) "
            "and (leased_by is null) = (leased_until is null)",
            name="lease_check",
        ),
        CheckConstraint(
            "(status in ('waiting', 'running')) = (ended_at is null)", name="end_check"
        ),
        Index("jobs_project", "organization_id", "project_id", "id"),
        Index(
            "jobs_unique",
            "organization_id",
            "project_id",
            "name",
            "unique_key",
            unique=True,
            postgresql_where=text("unique_key is not null and status in ('waiting', 'running')"),
        ),
        Index(
            "jobs_serial",
            "organization_id",
            "serial_key",
            "offered",
            "created_at",
            "id",
            postgresql_where=text("serial_key is not null and status in ('waiting', 'running')"),
        ),
        Index(
            "jobs_leased",
            "organization_id",
            "leased_by",
            "id",
            postgresql_where=text("status = 'running'"),
        ),
        Index(
            "jobs_given_up",
            "organization_id",
            "id",
            postgresql_where=text("status in ('dead', 'cancelled', 'quarantined')"),
        ),
    )

    organization_id: Mapped[Id] = mapped_column(primary_key=True)
    id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    principal_id: Mapped[Id]
    credential_id: Mapped[Id]
    claims: Mapped[str] = mapped_column(Text)
    outcome_id: Mapped[Id | None]
    step: Mapped[int | None] = mapped_column(BigInteger)
    payload: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text)
    offered: Mapped[bool]
    priority: Mapped[int] = mapped_column(BigInteger)
    attempt: Mapped[int] = mapped_column(BigInteger)
    errors: Mapped[int] = mapped_column(BigInteger)
    crashes: Mapped[int] = mapped_column(BigInteger)
    leased_by: Mapped[Id | None]
    leased_until: Mapped[Instant | None]
    not_before: Mapped[Instant]
    unique_key: Mapped[Id | None]
    serial_key: Mapped[Id | None]
    schedule_to_start_s: Mapped[float | None] = mapped_column(Double)
    start_to_close_s: Mapped[float | None] = mapped_column(Double)
    reason: Mapped[str | None] = mapped_column(Text)
    result: Mapped[str | None] = mapped_column(Text)
    cancel_asked_at: Mapped[Instant | None]
    created_at: Mapped[Instant]
    started_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    cause: Mapped[str | None] = mapped_column(Text)


CAUSE: Final = case(
    (JobRow.status == "done", None),
    (JobRow.status == "quarantined", "crashed"),
    (
        JobRow.status == "cancelled",
        case(
            (and_(JobRow.cause == "denied", JobRow.cancel_asked_at.is_(None)), "denied"),
            else_="cancelled",
        ),
    ),
    (JobRow.reason.is_(None), None),
    else_=JobRow.cause,
)
"""Why a job is not done: what is stored is how its last attempt ended that was not done, and what
happened to it since says the rest."""
SUMMARY: Final = (
    JobRow.id,
    JobRow.project_id,
    JobRow.kind,
    JobRow.name,
    JobRow.principal_id,
    JobRow.status,
    JobRow.priority,
    JobRow.attempt,
    JobRow.errors,
    JobRow.crashes,
    JobRow.not_before,
    JobRow.created_at,
    JobRow.outcome_id,
    JobRow.step,
    JobRow.serial_key,
    CAUSE.label("cause"),
    JobRow.reason,
    JobRow.cancel_asked_at,
    JobRow.started_at,
    JobRow.ended_at,
)
"""Whatever people are told of a job but what came of it, which may be long."""


async def put_jobs(
    connection: AsyncConnection,
    jobs: Sequence[NewJob],
    *,
    organization_id: str,
    project_id: str,
    at: datetime,
) -> int:
    """Put jobs in the transaction that makes what they follow from; return how many are new.

    Left out is one that is there already, or whose unique key another has that has not ended.
    """
    asked = text("select put_jobs(:organization, :project, :at, cast(:jobs as json))")
    values = {
        "organization": organization_id,
        "project": project_id,
        "at": at,
        "jobs": orjson.dumps(jobs).decode(),
    }
    return int((await connection.execute(asked, values)).scalar_one())


async def begin_jobs(
    database: Database,
    asked: Mapping[str, Sequence[str]],
    *,
    worker: str,
    lease_s: float,
    crashes: int = MOST_CRASHES,
) -> tuple[BegunJob, ...]:
    """Lease those jobs that may start now, and return them.

    `asked` are ids by their organization. `worker` is random for each process, so that no other one
    ever has it; without a further word it is believed to be alive for `lease_s`. With a job
    `crashes` processes may die; then it is put aside.

    Raises:
        StorageUnavailableError: the database can't be asked, or its answer was lost.
        StorageRefusedError: the database refuses what it was given, and will again.
    """
    spelled = [{"organization": tenant(one), "ids": list(ids)} for one, ids in asked.items()]
    rows = await called(
        database,
        "select * from begin_many($1, $2, $3, $4)",
        *(orjson.dumps(spelled).decode(), worker, lease_s, crashes),
    )
    return tuple(_begun(row, worker=worker) for row in rows)


async def finish_jobs(
    database: Database, ends: Sequence[tuple[str, AttemptEnd]], *, worker: str
) -> frozenset[str]:
    """End attempts, and return the ids of those that were still the worker's to end.

    Each end stands beside its organization.

    Raises:
        StorageUnavailableError: the database can't be asked, or its answer was lost; then some may
            have ended, and asking again is safe.
        StorageRefusedError: the database refuses what it was given, and will again.
    """
    spelled = [{"organization": tenant(one), **spelled_end(end)} for one, end in ends]
    rows = await called(
        database, "select finish_many($1, $2)", worker, orjson.dumps(spelled).decode()
    )
    return frozenset(rows[0][0])


def spelled_end(end: AttemptEnd) -> dict[str, object]:
    """Lay out an end for the functions of the database that take some."""
    return {
        "id": end.id,
        "attempt": end.attempt,
        "status": end.status,
        "reason": end.reason,
        "cause": end.cause,
        "result": end.result,
        "wait_s": end.wait_s,
        "failed": end.failed,
    }


async def give_back_jobs(
    database: Database, fences: Mapping[str, int], *, organization_id: str, worker: str
) -> int:
    """Let others run what a worker has leased under these fences; return how much that was.

    `fences` are the attempts by the ids of jobs.

    Raises:
        StorageUnavailableError: the database can't be asked, or its answer was lost.
    """
    rows = await called(
        database,
        "select give_back_jobs($1, $2, $3, $4)",
        *(tenant(organization_id), worker, list(fences), list(fences.values())),
    )
    return int(rows[0][0])


async def cancel_jobs(
    connection: AsyncConnection, ids: Sequence[str], *, organization_id: str, reason: str
) -> Mapping[str, JobStatus]:
    """Cancel jobs that wait, ask it of those that run; return how each stands that there is."""
    asked = text("select id, status from cancel_jobs(:organization, :ids, :reason)")
    values = {"organization": organization_id, "ids": list(ids), "reason": reason}
    found = await connection.execute(asked, values)
    return {row.id: JobStatus(row.status) for row in found}


async def reopen_jobs(
    connection: AsyncConnection, ids: Sequence[str], *, organization_id: str
) -> tuple[str, ...]:
    """Try jobs again that were given up; return the ids of those that are."""
    asked = text("select reopen_jobs(:organization, :ids)")
    values = {"organization": organization_id, "ids": list(ids)}
    return tuple((await connection.execute(asked, values)).scalar_one())


async def find_job(connection: AsyncConnection, job_id: str, *, project_id: str) -> Job | None:
    """Return a job of a project."""
    row = JobRow
    asked = (
        select(*SUMMARY, row.result).where(row.project_id == project_id, row.id == job_id).limit(1)
    )
    found = (await connection.execute(asked)).first()
    return None if found is None else job_of(found)


def job_of(row: Found[*tuple[Any, ...]]) -> Job:
    """Return the job of a row of `SUMMARY`, with its result if that was asked for."""
    found = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's own public name
    kind, status, cause = found.pop("kind"), found.pop("status"), found.pop("cause")
    return Job(
        kind=JobKind(kind),
        status=JobStatus(status),
        cause=None if cause is None else EndCause(cause),
        **found,
    )


async def called(database: Database, call: str, *arguments: object) -> Sequence[asyncpg.Record]:
    """Return the rows that a call of a function answers with: one transaction.

    Raises:
        StorageUnavailableError: the database can't be asked, or its answer was lost.
        StorageRefusedError: the database refuses what it was given, and will again.
    """
    async with database.connection() as connection:
        try:
            rows: Sequence[asyncpg.Record] = await connection.fetch(call, *arguments)
        except LOST as error:
            raise StorageUnavailableError(reason=type(error).__name__) from error
        except asyncpg.PostgresError as error:
            raise StorageRefusedError(reason=type(error).__name__) from error
    return rows


def _begun(row: asyncpg.Record, *, worker: str) -> BegunJob:
    found = dict(row)
    return BegunJob(kind=JobKind(found.pop("kind")), worker=worker, **found)
