"""Begin and end jobs of one organization, as a worker that does nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from runtime.domain.job import MOST_CRASHES, AttemptEnd, BegunJob
from runtime.store import jobs
from runtime.store.session import Database


async def begin_jobs(
    database: Database,
    ids: Sequence[str],
    *,
    organization_id: str,
    worker: str,
    lease_s: float,
    crashes: int = MOST_CRASHES,
) -> tuple[BegunJob, ...]:
    """Lease those that may start now."""
    return await jobs.begin_jobs(
        database, {organization_id: ids}, worker=worker, lease_s=lease_s, crashes=crashes
    )


async def finish_jobs(
    database: Database, ends: Sequence[AttemptEnd], *, organization_id: str, worker: str
) -> frozenset[str]:
    """End attempts."""
    return await jobs.finish_jobs(database, [(organization_id, end) for end in ends], worker=worker)
