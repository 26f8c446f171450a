"""Tell of requests for approval whose time is over, once each; any number may run.

Nothing else happens to them: that they can't be used any more, their time says by itself. A little
time is let pass first, in which what was judged before is committed still.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.approval_request import OPEN, Approval, ApprovalStatus
from runtime.domain.errors import StorageUnavailableError
from runtime.domain.record import AuditRecord, Event
from runtime.kit.canonical_json import canonical_text
from runtime.kit.clock import Clock
from runtime.kit.json_value import JsonObject
from runtime.services.context import Ids
from runtime.services.documents import spelled_instant
from runtime.store import records
from runtime.store.approval_deadlines import Deadline, passed_deadlines, take_deadline
from runtime.store.approvals import approval_of
from runtime.store.session import Database

KIND: Final = "approval.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiringPace:
    """Say how often to look, for what, and for how many at a time.

    Attributes:
        every_s: from one look to the next, give or take a half.
        since_s: how long ago a request's time was over.
        most: requests of one look.
    """

    every_s: float = 5.0
    since_s: float = 30.0
    most: int = 100


class Expiring:
    """Look for requests whose time is over; belongs to one event loop."""

    def __init__(
        self, database: Database, clock: Clock, *, pace: ExpiringPace | None = None
    ) -> None:
        self._database = database
        self._ids = Ids(clock)
        self._pace = pace or ExpiringPace()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let `run` return after the request that is being told of."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end; a database that can't be asked is asked again by the next look."""
        while not await self._rests(self._pace.every_s * (0.5 + random.random())):
            try:
                while await self.look() == self._pace.most and not self._ended.is_set():
                    pass
            except StorageUnavailableError:
                continue

    async def look(self) -> int:
        """Tell of those whose time is over; return how many deadlines were looked at.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        passed = await passed_deadlines(
            self._database, since_s=self._pace.since_s, most=self._pace.most
        )
        for deadline in passed:
            if self._ended.is_set():
                break
            async with self._database.transaction(deadline.organization_id) as connection:
                await self._tell(connection, deadline)
        return len(passed)

    async def _tell(self, connection: AsyncConnection, deadline: Deadline) -> None:
        if not await take_deadline(connection, deadline):
            return
        found = await approval_of(connection, deadline.approval_id)
        if found is None or found.status not in OPEN:
            return
        told, now = _told(found), self._ids.now()
        event = Event(
            id=self._ids.new("evt"),
            type=KIND,
            document=canonical_text(told),
            project_id=found.project_id,
        )
        record = AuditRecord.of(
            told,
            record_id=self._ids.new("aud"),
            principal_id=found.requester,
            kind=KIND,
            project_id=found.project_id,
        )
        organization = deadline.organization_id
        await records.add_event(connection, event, organization_id=organization, now=now)
        await records.add_audit_record(connection, record, organization_id=organization, now=now)

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True


def _told(approval: Approval) -> JsonObject:
    return {
        "approval": approval.id,
        "expired_at": spelled_instant(approval.expires_at),
        "granted": approval.status is ApprovalStatus.GRANTED,
        "plan_digest": approval.plan_digest,
        "project": approval.project_id,
        "requester": approval.requester,
    }
