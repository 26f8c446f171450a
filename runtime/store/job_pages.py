"""Read jobs page by page, those that are wanted, without what they carry and what came of them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.job import Job, job_ids_of
from runtime.domain.job_filter import JobFilter
from runtime.store.jobs import CAUSE, SUMMARY, JobRow, job_of

_GIVEN_UP = text("status in ('dead', 'cancelled', 'quarantined')")
"""Spelled as the index of these is, so that it can be used."""


async def jobs_before(
    connection: AsyncConnection,
    before: str | None,
    *,
    limit: int,
    project_id: str,
    wanted: JobFilter,
) -> tuple[Job, ...]:
    """Return jobs of a project, the newest first."""
    asked = _wanted(select(*SUMMARY), wanted).where(JobRow.project_id == project_id)
    return await _page(connection, asked, before=before, limit=limit)


async def given_up_before(
    connection: AsyncConnection, before: str | None, *, limit: int, wanted: JobFilter
) -> tuple[Job, ...]:
    """Return jobs of the transaction's organization that were given up, the newest first."""
    asked = _wanted(select(*SUMMARY), wanted).where(_GIVEN_UP)
    return await _page(connection, asked, before=before, limit=limit)


async def given_up_ids(
    connection: AsyncConnection, *, limit: int, project_id: str, wanted: JobFilter
) -> tuple[str, ...]:
    """Return the ids of jobs of a project that were given up, the oldest first."""
    row = JobRow
    asked = (
        _wanted(select(row.id), wanted)
        .where(_GIVEN_UP, row.project_id == project_id)
        .order_by(row.id)
        .limit(limit)
    )
    return tuple((await connection.execute(asked)).scalars())


async def _page(
    connection: AsyncConnection,
    asked: Select[*tuple[Any, ...]],
    *,
    before: str | None,
    limit: int,
) -> tuple[Job, ...]:
    if before is not None:
        asked = asked.where(JobRow.id < before)
    found = await connection.execute(asked.order_by(JobRow.id.desc()).limit(limit))
    return tuple(map(job_of, found))


def _wanted(asked: Select[*tuple[Any, ...]], wanted: JobFilter) -> Select[*tuple[Any, ...]]:
    row = JobRow
    conditions = [
        column == value
        for column, value in (
            (row.kind, wanted.kind),
            (row.name, wanted.name),
            (CAUSE, wanted.cause),
        )
        if value is not None
    ]
    if wanted.statuses:
        spelled: BindParameter[Any] = bindparam(
            "statuses", sorted(wanted.statuses), expanding=True, literal_execute=True
        )  # so that whoever plans the query sees which index they are in
        conditions.append(row.status.in_(spelled))
    if wanted.outcome_id is not None:
        first, last = job_ids_of(wanted.outcome_id)
        conditions += [row.id >= first, row.id <= last, row.outcome_id == wanted.outcome_id]
    if wanted.ended_after is not None:
        conditions.append(row.ended_at >= wanted.ended_after)
    if wanted.ended_before is not None:
        conditions.append(row.ended_at < wanted.ended_before)
    return asked.where(*conditions)
