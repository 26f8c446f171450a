"""Tell whether anybody's jobs wait or run, from what says nothing else of them."""

from __future__ import annotations

from typing import Final

from runtime.store.jobs import called
from runtime.store.session import Database

_NONE_LEFT: Final = """
select not exists (select from outbox)
  and not exists (select from job_leases where not starts_with(worker, $1))
"""


async def none_left(database: Database, *, worker: str) -> bool:
    """Return whether no job waits, and no other worker has any.

    Args:
        database: where jobs are.
        worker: the beginning of the names of those who ask.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    rows = await called(database, _NONE_LEFT, worker)
    return bool(rows[0][0])
