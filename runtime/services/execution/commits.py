"""Write what the lines of one organization have judged, many projects in one transaction.

While one transaction is on its way to disk, other lines of the organization get ready; what is
ready by then goes into the next one together. Nobody waits for company: a commit that is alone
leaves at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import (
    LimitPassedError,
    LostAttemptError,
    NotFoundError,
    StaleFenceError,
    StaleHeadError,
    StorageRefusedError,
)
from runtime.domain.shared_use import Counter
from runtime.store.executions import Commit, RepeatedError, commit
from runtime.store.session import Database

MOST_TOGETHER: Final = 32
WRITERS: Final = 2
"""Transactions of one organization under way at once: the second only for who would not fit into
the next one, because fewer and larger ones cost less (measured: 170 against 240 µs of the
database's time an execution)."""

_Blamed = (
    StaleFenceError,
    StaleHeadError,
    LimitPassedError,
    LostAttemptError,
    NotFoundError,
    RepeatedError,
    StorageRefusedError,
)


@dataclass(slots=True)
class _Pending:
    group: Commit
    written: asyncio.Future[Mapping[Counter, int]]


class Commits:
    """Gather commits by organization; belongs to one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[str, deque[_Pending]] = {}
        self._writers: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, group: Commit) -> Mapping[Counter, int]:
        """Return what `store.executions.commit` does once a group is stored; raise as it does."""
        organization = group.organization_id
        pending = _Pending(group, asyncio.get_running_loop().create_future())
        waiting = self._waiting.setdefault(organization, deque())
        waiting.append(pending)
        writers = self._writers.get(organization, 0)
        if not writers or (writers < WRITERS and len(waiting) >= MOST_TOGETHER):
            self._writers[organization] = writers + 1
            task = asyncio.create_task(self._serve(organization), name=f"write {organization}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await pending.written

    async def _serve(self, organization: str) -> None:
        """Write until nothing of the organization waits."""
        waiting = self._waiting[organization]
        try:
            while waiting:
                await self._write(
                    [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
                )
        finally:
            self._writers[organization] -= 1
            if not self._writers[organization]:
                del self._writers[organization], self._waiting[organization]

    async def _write(self, together: Sequence[_Pending]) -> None:
        """Write groups together; if one of them is to blame, each on its own."""
        try:
            counted = await commit(self._database, [pending.group for pending in together])
        except _Blamed as error:
            if len(together) == 1:
                _fail(together, error)
                return
            for pending in together:
                await self._write([pending])
        except BaseException as error:  # whatever it is, nobody may wait for ever
            _fail(together, error)
            if not isinstance(error, Exception):
                raise
        else:
            _end(together, counted)


def _end(together: Sequence[_Pending], counted: Mapping[Counter, int]) -> None:
    """Tell those who still wait that their groups are stored, and what was counted."""
    for pending in together:
        if not pending.written.done():
            pending.written.set_result(counted)


def _fail(together: Sequence[_Pending], error: BaseException) -> None:
    """Tell those who still wait why their groups are not stored."""
    for pending in together:
        if not pending.written.done():
            pending.written.set_exception(error)
