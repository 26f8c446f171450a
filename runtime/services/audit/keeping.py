"""Destroy keys of audit records that were kept for as long as their organization wants.

Keys are of months: a month's are destroyed once its last day is longer ago than that. A hold keeps
them. Any number may run.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from runtime.domain.record import AuditRecord
from runtime.kit.clock import Clock
from runtime.services.audit.erasures import Forget
from runtime.services.audit.measures import AuditLogMeasures, UnmeasuredAuditLog
from runtime.services.audit.subject_keys import period_of
from runtime.services.context import Ids
from runtime.store.audit_payload_keys import Destruction, WhyDestroyed, destroy_keys
from runtime.store.audit_settings import read_audit_settings
from runtime.store.ended_jobs import next_tenants
from runtime.store.records import add_audit_record
from runtime.store.session import Database

KEEPER: Final = "platform"
"""The principal of what the platform does by itself."""
_WHAT: Final = "destroy keys that were kept for long enough"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepingPace:
    """Say how often to look, and what one transaction destroys.

    Attributes:
        every_s: from one look to the next, give or take a half.
        most: keys of a transaction.
        tenants: organizations that are read at once.
        rest_s: between two transactions.
    """

    every_s: float = 3_600.0
    most: int = 500
    tenants: int = 100
    rest_s: float = 0.05


class Keeping:
    """Look for keys that are old enough; belongs to one event loop."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        forget: Forget,
        pace: KeepingPace | None = None,
        measures: AuditLogMeasures | None = None,
    ) -> None:
        self._database = database
        self._ids = Ids(clock)
        self._forget = forget
        self._pace = pace or KeepingPace()
        self._measures = measures or UnmeasuredAuditLog()
        self._ended = asyncio.Event()

    def end(self) -> None:
        """Let `run` return after the transaction that runs."""
        self._ended.set()

    async def run(self) -> None:
        """Look until the end, first after a while; what failed is tried again by the next look."""
        while not await self._rests(self._pace.every_s * (0.5 + random.random())):
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001  # who ends silently tells nobody anything
                self._measures.failed(_WHAT, error)

    async def look(self) -> int:
        """Destroy what is old enough by now, of all organizations; return how many keys.

        Raises:
            StorageUnavailableError: the database can't be asked.
        """
        destroyed, after = 0, ""
        while tenants := await next_tenants(self._database, after=after, most=self._pace.tenants):
            for organization_id in tenants:
                destroyed += await self._tried(organization_id)
            after = tenants[-1]
        return destroyed

    async def _tried(self, organization_id: str) -> int:
        try:
            return await self._of(organization_id)
        except Exception as error:  # noqa: BLE001  # of one organization: others go on
            self._measures.failed(_WHAT, error)
            return 0

    async def _of(self, organization_id: str) -> int:
        destroyed = 0
        while not self._ended.is_set():
            gone = await self._some(organization_id)
            destroyed += gone
            if gone < self._pace.most:
                break
            await self._rests(self._pace.rest_s)
        return destroyed

    async def _some(self, organization_id: str) -> int:
        """Destroy some, and record how many in the same commit."""
        now = self._ids.now()
        async with self._database.transaction(organization_id) as connection:
            keep_days = (await read_audit_settings(connection, organization_id)).keep_days
            if keep_days is None:
                return 0
            before = period_of(now - timedelta(days=keep_days))
            wanted = Destruction(
                why=WhyDestroyed.EXPIRED, ended_before=before, at_most=self._pace.most
            )
            gone = await destroy_keys(connection, wanted, organization_id=organization_id, at=now)
            if gone.keys == 0:
                return 0
            record = AuditRecord.of(
                {"keys": gone.keys, "before": before, "keep_days": keep_days},
                record_id=self._ids.new("aud"),
                principal_id=KEEPER,
                kind="audit.keys_expired",
                project_id=None,
            )
            await add_audit_record(connection, record, organization_id=organization_id, now=now)
        self._forget(organization_id, None)
        return gone.keys

    async def _rests(self, seconds: float) -> bool:
        """Rest, and say whether it is over."""
        try:
            async with asyncio.timeout(seconds):
                await self._ended.wait()
        except TimeoutError:
            return False
        return True
