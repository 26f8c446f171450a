"""Keep which jobs are to be handed to the queue, for relays that serve all tenants.

The table says that jobs wait, and nothing of anybody; who asks it names no organization. A row goes
when its job begins, so what the queue loses is handed over again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

import asyncpg
import orjson
from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.errors import StorageUnavailableError
from runtime.domain.job_queue import USUAL_AT_ONCE
from runtime.store.base import Id, Instant, Row
from runtime.store.session import LOST, Database

_CLAIM: Final = "select after, round, taken from claim_outbox($1, $2, $3, $4, $5, $6)"


class OutboxRow(Row):
    """A job that waits for the queue, or was handed to it and has not begun."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "outbox_due",
            "tenant",
            "project_id",
            "priority",
            "not_before",
            postgresql_include=["job_id"],
        ),
        Index("outbox_handed", "tenant", "project_id", postgresql_where=text("handed > 0")),
    )

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    job_id: Mapped[Id] = mapped_column(primary_key=True)
    project_id: Mapped[Id]
    priority: Mapped[int] = mapped_column(BigInteger)
    not_before: Mapped[Instant]
    alone: Mapped[bool]
    handed: Mapped[int] = mapped_column(BigInteger)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Bound what one claim takes.

    Attributes:
        most: jobs in all.
        each: jobs of one tenant.
        tenants: tenants that are looked at.
        again_s: after how long a job is due again that the queue lost.
        at_once: jobs of one tenant that are handed over or run, where the tenant does not say.
    """

    most: int = 1_000
    each: int = 500
    tenants: int = 200
    again_s: float = 60.0
    at_once: int = USUAL_AT_ONCE


@dataclass(frozen=True, slots=True, kw_only=True)
class DueJob:
    """Name a job to hand over; `alone` keeps others from dying with it."""

    organization_id: str
    job_id: str
    project_id: str
    priority: int
    alone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Hold what a relay hands over, in the order of tenants, the most urgent first.

    Attributes:
        after: where the next claim goes on.
        everybody: all tenants have been looked at.
    """

    jobs: tuple[DueJob, ...]
    after: str
    everybody: bool


@asynccontextmanager
async def claimed(database: Database, *, after: str, share: Share) -> AsyncIterator[Claim]:
    """Take jobs that are due; should the block raise, nothing was taken.

    Raises:
        StorageUnavailableError: the database can't be asked, or does not keep what was taken: then
            it is handed over again.
    """
    async with database.connection() as connection:
        try:
            async with connection.transaction():
                row = await connection.fetchrow(
                    _CLAIM,
                    *(after, share.most, share.each, share.tenants, share.again_s, share.at_once),
                )
                yield _claim(row)
        except (*LOST, asyncpg.PostgresError) as error:
            raise StorageUnavailableError(reason=type(error).__name__) from error


def _claim(row: asyncpg.Record | None) -> Claim:
    if row is None:
        return Claim(jobs=(), after="", everybody=True)
    return Claim(
        jobs=tuple(
            DueJob(
                organization_id=organization_id,
                job_id=job_id,
                project_id=project_id,
                priority=priority,
                alone=alone,
            )
            for organization_id, job_id, project_id, priority, alone in orjson.loads(row["taken"])
        ),
        after=row["after"],
        everybody=row["round"],
    )
