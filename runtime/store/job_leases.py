"""Keep until when each worker is believed to be alive, and take jobs from those that are not.

One row a worker and tenant: a worker with a thousand jobs says one word for all of them. The table
names tenants and workers and nothing else, because whoever rescues serves all tenants.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Mapped, mapped_column

from runtime.domain.job import MOST_CRASHES
from runtime.store.base import Id, Instant, Row
from runtime.store.jobs import called
from runtime.store.session import Database, tenant


class JobLeaseRow(Row):
    """Until when a worker is believed to be alive, to one tenant."""

    __tablename__ = "job_leases"

    tenant: Mapped[Id] = mapped_column(primary_key=True)
    worker: Mapped[Id] = mapped_column(primary_key=True)
    until: Mapped[Instant]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldJob:
    """Name a job that storage believes a worker runs."""

    organization_id: str
    job_id: str
    attempt: int
    asked_to_cancel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescue:
    """Count jobs whose workers were gone: those that wait again, and those that were put aside."""

    rescued: int
    quarantined: int


async def beat_jobs(
    database: Database, organizations: Sequence[str], *, worker: str, lease_s: float
) -> tuple[HeldJob, ...]:
    """Say that a worker is alive to those that it works for; return what it is thought to run.

    Raises:
        StorageUnavailableError: the database can't be asked, or its answer was lost.
    """
    rows = await called(
        database,
        "select * from beat_jobs($1, $2, $3)",
        *(worker, sorted({tenant(item) for item in organizations}), lease_s),
    )
    return tuple(HeldJob(**dict(row)) for row in rows)


async def rescue_jobs(
    database: Database, *, workers: int = 100, crashes: int = MOST_CRASHES
) -> Rescue:
    """Take jobs from workers that are gone.

    At most `workers` of them a call. With a job `crashes` processes may die; then it is put aside.

    Raises:
        StorageUnavailableError: the database can't be asked, or its answer was lost.
    """
    rows = await called(database, "select * from rescue_jobs($1, $2)", workers, crashes)
    return Rescue(rescued=rows[0]["rescued"], quarantined=rows[0]["quarantined"])
