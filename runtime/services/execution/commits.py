"""Write what the lines of one organization have judged, many projects in one transaction.

While one transaction is on its way to disk, other lines of the organization get ready; what is
ready by then goes into the next one together. Nobody waits for company: a commit that is alone
leaves at once.

Of a strict organization, an immutable copy of the records is written first, and the commit takes
its receipt along. Whether an organization is strict only its database knows, which refuses records
without copies; that is remembered for a while.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import (
    AuditUnavailableError,
    LimitPassedError,
    LostAttemptError,
    NotFoundError,
    StaleFenceError,
    StaleHeadError,
    StorageRefusedError,
    StorageUnavailableError,
)
from runtime.domain.shared_use import Counter
from runtime.ports.audit_copies import AuditCopies, NewCopy
from runtime.store.executions import Commit, RepeatedError, UncopiedError, commit
from runtime.store.session import Database

MOST_TOGETHER: Final = 32
WRITERS: Final = 2
"""Transactions of one organization under way at once: the second only for who would not fit into
the next one, because fewer and larger ones cost less (measured: 170 against 240 µs of the
database's time an execution)."""
STRICT_FOR_S: Final = 60.0
"""How long it is remembered that an organization is strict; one that no longer is has copies too
many until then, and one that has become so one refused commit."""

_Blamed = (
    StaleFenceError,
    StaleHeadError,
    LimitPassedError,
    LostAttemptError,
    NotFoundError,
    RepeatedError,
    StorageRefusedError,
    UncopiedError,
)


@dataclass(slots=True)
class _Pending:
    group: Commit
    copies: Sequence[NewCopy]
    written: asyncio.Future[Mapping[Counter, int]]


class Commits:
    """Gather commits by organization; belongs to one event loop."""

    def __init__(self, database: Database, *, copies: AuditCopies | None = None) -> None:
        """Commit to a database.

        Args:
            database: where to.
            copies: writes immutable copies; None where no sink for them is configured, and then
                nothing is committed of strict organizations.
        """
        self._database = database
        self._copies = copies
        self._strict_until_s: dict[str, float] = {}
        self._waiting: dict[str, deque[_Pending]] = {}
        self._writers: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def write(self, group: Commit) -> Mapping[Counter, int]:
        """Return what `store.executions.commit` does once a group is stored; raise as it does.

        Raises:
            AuditUnavailableError: the organization is strict, and no copy can be made.
        """
        if not self._is_strict(group.organization_id):
            try:
                return await self._queued(group, copies=())
            except UncopiedError:
                self._remember_strict(group.organization_id)
        copies = await self._shipped(group)
        try:
            return await self._queued(group, copies=copies)
        except UncopiedError:  # not what was copied: a fault of ours, and not to be repeated
            raise AuditUnavailableError(reason="the copies are not those of the records") from None

    async def _shipped(self, group: Commit) -> Sequence[NewCopy]:
        if self._copies is None:
            raise AuditUnavailableError(reason="no immutable sink is configured")
        try:
            return await self._copies.shipped(
                group.organization_id, [(record, group.at) for record in group.records]
            )
        except StorageUnavailableError as error:  # of the keys: nothing of the group was sent
            raise StorageUnavailableError(reason=error.reason, sent=False) from error

    async def _queued(self, group: Commit, *, copies: Sequence[NewCopy]) -> Mapping[Counter, int]:
        """Return what was counted once the group is stored, together with whoever waits."""
        organization = group.organization_id
        pending = _Pending(group, copies, asyncio.get_running_loop().create_future())
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
        groups = [pending.group for pending in together]
        copies = [copy for pending in together for copy in pending.copies]
        try:
            counted = await commit(self._database, groups, copies=copies)
        except _Blamed as error:
            await self._apart(together, error)
        except BaseException as error:  # whatever it is, nobody may wait for ever
            _fail(together, error)
            if not isinstance(error, Exception):
                raise
        else:
            _end(together, counted)

    async def _apart(self, together: Sequence[_Pending], error: Exception) -> None:
        """Tell those that are known to be to blame, and write each of the others on its own."""
        uncopied = isinstance(error, UncopiedError)

        def to_blame(pending: _Pending) -> bool:
            return len(together) == 1 or (uncopied and not pending.copies)

        _fail([pending for pending in together if to_blame(pending)], error)
        for pending in together:
            if not to_blame(pending):
                await self._write([pending])

    def _is_strict(self, organization_id: str) -> bool:
        until_s = self._strict_until_s.get(organization_id)
        if until_s is None:
            return False
        if asyncio.get_running_loop().time() < until_s:
            return True
        del self._strict_until_s[organization_id]
        return False

    def _remember_strict(self, organization_id: str) -> None:
        until_s = asyncio.get_running_loop().time() + STRICT_FOR_S
        self._strict_until_s[organization_id] = until_s


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
