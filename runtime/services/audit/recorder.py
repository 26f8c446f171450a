"""Record what changes nothing else: one commit for all records of an organization that wait.

While one commit is on its way to disk, further records of the organization gather; they go into
the next one. Whoever asked is answered once their record is stored.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from runtime.domain.caller import Caller
from runtime.domain.errors import StorageRefusedError, StorageUnavailableError
from runtime.domain.record import AuditRecord
from runtime.kit.json_value import JsonObject
from runtime.services.context import Ids
from runtime.store.record_batches import record_at_once
from runtime.store.session import Database

MOST_TOGETHER: Final = 200
MOST_WAITING: Final = 2_000
"""Records of one organization that wait at most; what is past them is refused at once."""


@dataclass(frozen=True, slots=True)
class _Pending:
    record: AuditRecord
    at: datetime
    written: asyncio.Future[None]


class Recorder:
    """Gather records; belongs to one event loop."""

    def __init__(self, database: Database, ids: Ids) -> None:
        self._database = database
        self._ids = ids
        self._waiting = dict[str, deque[_Pending]]()
        self._writing = dict[str, asyncio.Task[None]]()

    async def write(
        self, caller: Caller, kind: str, document: JsonObject, *, project_id: str | None = None
    ) -> None:
        """Return once it is recorded what a caller asked for; the document holds no secret.

        Raises:
            StorageUnavailableError: it is not known to be recorded, or too many wait.
            StorageRefusedError: it can't be stored.
        """
        record = AuditRecord.of(
            {**document, "credential": caller.credential_id},
            record_id=self._ids.new("aud"),
            principal_id=caller.member_id,
            kind=kind,
            project_id=project_id,
        )
        await self.add(record, organization_id=caller.organization_id)

    async def add(self, record: AuditRecord, *, organization_id: str) -> None:
        """Return once a record of an organization that exists is stored.

        Raises:
            StorageUnavailableError: as `write` does.
        """
        waiting = self._waiting.setdefault(organization_id, deque())
        if len(waiting) >= MOST_WAITING:
            raise StorageUnavailableError(reason="too many records wait", sent=False)
        written = asyncio.get_running_loop().create_future()
        waiting.append(_Pending(record, self._ids.now(), written))
        if organization_id not in self._writing:
            self._writing[organization_id] = asyncio.create_task(
                self._serve(organization_id), name="record what was asked"
            )
        await written

    async def close(self) -> None:
        """Wait for what is being written."""
        while self._writing:
            await asyncio.wait(self._writing.values())

    async def _serve(self, organization_id: str) -> None:
        """Write until nothing of the organization waits."""
        waiting = self._waiting[organization_id]
        together: Sequence[_Pending] = ()
        try:
            while waiting:
                together = [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
                await self._write(organization_id, together)
        finally:
            del self._waiting[organization_id], self._writing[organization_id]
            for pending in (*together, *waiting):
                pending.written.cancel()  # those that are written don't mind

    async def _write(self, organization_id: str, together: Sequence[_Pending]) -> None:
        """Store records, and tell each who waits; if one of them is to blame, each on its own."""
        try:
            await record_at_once(
                self._database,
                [(item.record, item.at) for item in together],
                organization_id=organization_id,
            )
        except StorageRefusedError as error:
            if len(together) == 1:
                _tell(together, error)
            for pending in together if len(together) > 1 else ():
                await self._write(organization_id, [pending])
        except Exception as error:  # noqa: BLE001  # whoever waits has to hear of it
            _tell(together, error)
        else:
            _tell(together, None)


def _tell(together: Sequence[_Pending], error: Exception | None) -> None:
    for pending in together:
        if pending.written.done():
            continue  # whoever asked has gone
        if error is None:
            pending.written.set_result(None)
        else:
            pending.written.set_exception(error)
