"""Write immutable copies of records, all that wait in this process as one object.

While one object is on its way to a sink, further records gather, of all projects and
organizations; they go into the next one. What can't be copied soon is refused: nobody waits longer
than a few seconds, and what waits is bounded. Whoever asked commits only what has come back with a
receipt.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from runtime.domain.audit_sealing import sealed
from runtime.domain.errors import AuditUnavailableError, DomainError
from runtime.domain.record import AuditRecord
from runtime.ports.audit_copies import NewCopy
from runtime.ports.audit_sink import Receipt, SinkObject
from runtime.services.audit.copy_objects import copy_line, object_name
from runtime.services.audit.copy_sinks import CopySinks
from runtime.services.audit.copying_measures import CopyingMeasures
from runtime.services.audit.subject_keys import SubjectKeys, period_of
from runtime.services.context import Ids
from runtime.services.readiness import DegradedError


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyingPace:
    """Bound what is copied at once, what waits for it, and for how long.

    Attributes:
        under_way: objects; fewer and larger ones cost less, so the second is only for what would
            not fit into the next one, or has waited for `second_s`.
        second_s: from when on a record that waits does not wait for the object under way.
        object_records: of one object.
        object_bytes: of one object; a record that is larger has one alone.
        waiting_records: that wait at most; what is past them is refused at once.
        waiting_bytes: of the records that wait.
        oldest_s: how long a record waits at most, from when it is given to when it has its copy.
    """

    under_way: int = 2
    second_s: float = 0.05
    object_records: int = 1_000
    object_bytes: int = 4_000_000
    waiting_records: int = 2_000
    waiting_bytes: int = 16_000_000
    oldest_s: float = 5.0


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """Hold one record that is to be copied."""

    organization_id: str
    record: AuditRecord
    at: datetime
    leaf: str
    line: bytes
    told: asyncio.Future[NewCopy | DomainError]


class Copying:
    """Copy records; belongs to one event loop. Implements `ports.audit_copies`."""

    def __init__(
        self,
        sinks: CopySinks,
        *,
        keys: SubjectKeys,
        ids: Ids,
        measures: CopyingMeasures,
        pace: CopyingPace | None = None,
    ) -> None:
        self._sinks = sinks
        self._pace = pace or CopyingPace()
        self._keys = keys
        self._ids = ids
        self._measures = measures
        self._waiting = deque[_Waiting]()
        self._waiting_bytes = 0
        self._records_of = Counter[str]()
        self._bytes_of = Counter[str]()
        self._writing = set[asyncio.Task[None]]()
        self._under_way = 0
        self._second: asyncio.TimerHandle | None = None

    async def shipped(
        self, organization_id: str, records: Sequence[tuple[AuditRecord, datetime]]
    ) -> Sequence[NewCopy]:
        """Return a copy of each record, as the port says."""
        try:
            self._sinks.check()
            async with asyncio.timeout(self._pace.oldest_s):
                return await self._shipped(organization_id, records)
        except TimeoutError:
            self._measures.copies_refused(len(records))
            raise AuditUnavailableError(
                reason=f"no immutable sink has taken them within {self._pace.oldest_s:g} s"
            ) from None
        except AuditUnavailableError:
            self._measures.copies_refused(len(records))
            raise

    @property
    def waiting(self) -> int:
        """Return how many records wait for an object."""
        return len(self._waiting)

    async def ready(self) -> None:
        """Return when copies can be made, as far as is known: the probe of readiness.

        Raises:
            DegradedError: no sink is put to; organizations that are not strict are served.
        """
        try:
            self._sinks.check()
        except AuditUnavailableError as error:
            raise DegradedError from error

    async def close(self) -> None:
        """Wait for what is being copied, and stop asking after sinks."""
        if self._second is not None:
            self._second.cancel()
        while self._writing:
            await asyncio.wait(self._writing)
        await self._sinks.close()

    async def _shipped(
        self, organization_id: str, records: Sequence[tuple[AuditRecord, datetime]]
    ) -> Sequence[NewCopy]:
        entered: list[_Waiting] = []
        try:
            entered = await self._sealed(organization_id, records)
            self._enter(entered)
            copies: list[NewCopy] = []
            for waiting in entered:
                told = await waiting.told
                if isinstance(told, DomainError):
                    raise told
                copies.append(told)
            return copies
        finally:
            for waiting in entered:
                waiting.told.cancel()  # those that are answered don't mind

    async def _sealed(
        self, organization_id: str, records: Sequence[tuple[AuditRecord, datetime]]
    ) -> list[_Waiting]:
        """Seal records as the log will."""
        wanted = {(record.principal_id, period_of(at)) for record, at in records}
        keys = await self._keys.of(organization_id, wanted)
        loop = asyncio.get_running_loop()
        entered: list[_Waiting] = []
        for record, at in records:
            key = keys[record.principal_id, period_of(at)]
            leaf = sealed(record, key, organization_id=organization_id, at=at)
            entered.append(
                _Waiting(
                    organization_id=organization_id,
                    record=record,
                    at=at,
                    leaf=leaf.hash().hex(),
                    line=copy_line(leaf),
                    told=loop.create_future(),
                )
            )
        return entered

    def _enter(self, entered: Sequence[_Waiting]) -> None:
        """Let records of an organization wait, and see to it that somebody writes.

        No organization has more than half of the room, beyond its first records: others come in.

        Raises:
            AuditUnavailableError: too much waits already.
        """
        if not entered:
            return
        organization = entered[0].organization_id
        size = sum(len(waiting.line) for waiting in entered)
        full = len(self._waiting) + len(entered) > self._pace.waiting_records
        if full or self._waiting_bytes + size > self._pace.waiting_bytes:
            raise AuditUnavailableError(reason="too many records wait for their copies")
        records, theirs = self._records_of[organization], self._bytes_of[organization]
        if records and (
            records + len(entered) > self._pace.waiting_records // 2
            or theirs + size > self._pace.waiting_bytes // 2
        ):
            raise AuditUnavailableError(reason="too many of its records wait for their copies")
        self._waiting.extend(entered)
        self._waiting_bytes += size
        self._records_of[organization] += len(entered)
        self._bytes_of[organization] += size
        if not self._under_way or self._fills_an_object():
            self._begin()
        elif self._second is None:
            loop = asyncio.get_running_loop()
            self._second = loop.call_later(self._pace.second_s, self._begin_second)

    def _fills_an_object(self) -> bool:
        return (
            len(self._waiting) >= self._pace.object_records
            or self._waiting_bytes >= self._pace.object_bytes
        )

    def _begin_second(self) -> None:
        self._second = None
        self._begin()

    def _begin(self) -> None:
        """Write what waits, unless as many objects are under way as may be."""
        if self._waiting and self._under_way < self._pace.under_way:
            self._under_way += 1
            task = asyncio.create_task(self._serve(), name="copy records")
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def _serve(self) -> None:
        """Write object after object until nothing waits."""
        try:
            while taken := self._taken():
                await self._served(taken)
        finally:
            self._under_way -= 1  # at once: who comes now begins anew

    async def _served(self, taken: Sequence[_Waiting]) -> None:
        try:
            await self._write(taken)
        except AuditUnavailableError as error:
            for waiting in taken:
                _tell(waiting, error)
        finally:  # whatever it is, nobody may wait for ever
            for waiting in taken:
                _tell(waiting, AuditUnavailableError(reason="writing them was broken off"))

    def _taken(self) -> Sequence[_Waiting]:
        """Take the longest waiting, as many as one object holds; who gave up is left out."""
        taken: list[_Waiting] = []
        size = 0
        while self._waiting and len(taken) < self._pace.object_records:
            first = self._waiting[0]
            if taken and size + len(first.line) > self._pace.object_bytes:
                break
            self._waiting.popleft()
            self._leave(first)
            if not first.told.done():
                taken.append(first)
                size += len(first.line)
        return taken

    def _leave(self, waiting: _Waiting) -> None:
        """Give back the room of a record."""
        organization, size = waiting.organization_id, len(waiting.line)
        self._waiting_bytes -= size
        self._records_of[organization] -= 1
        self._bytes_of[organization] -= size
        if not self._records_of[organization]:
            del self._records_of[organization], self._bytes_of[organization]

    async def _write(self, taken: Sequence[_Waiting]) -> None:
        body = b"".join(waiting.line for waiting in taken)
        obj = SinkObject(name=object_name(self._ids, body), body=body)
        receipt = await self._sinks.put(obj, records=len(taken))
        for waiting in taken:
            _tell(waiting, _copy(waiting, receipt))


def _copy(waiting: _Waiting, receipt: Receipt) -> NewCopy:
    return NewCopy(
        record_id=waiting.record.id,
        document=waiting.record.digest,
        at=waiting.at,
        sink=receipt.sink,
        name=receipt.name,
        version=receipt.version,
        digest=receipt.digest,
        leaf=waiting.leaf,
    )


def _tell(waiting: _Waiting, told: NewCopy | DomainError) -> None:
    if not waiting.told.done():
        waiting.told.set_result(told)
