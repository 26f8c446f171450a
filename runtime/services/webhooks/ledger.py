"""Write what came of the attempts of a lane, many at a time, under the fence of who holds it."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from typing import Final

from runtime.domain.errors import StorageUnavailableError
from runtime.domain.record import AuditRecord, Event
from runtime.domain.webhook import DeliveryStatus, Endpoint, EndpointStatus
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonObject
from runtime.services.context import Ids
from runtime.services.documents import spelled_instant
from runtime.services.webhooks.measures import WebhookMeasures
from runtime.store import records
from runtime.store.session import Database
from runtime.store.webhook_ends import LaneEnds, Written, write_ends
from runtime.store.webhook_lanes import Lane

DISABLED: Final = "endpoint.disabled"
TRIES: Final = 5
PAUSE_S: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Write ends."""

    database: Database
    ids: Ids
    measures: WebhookMeasures

    async def write(self, lane: Lane, endpoint: Endpoint, ends: LaneEnds) -> bool:
        """Write ends, with the event of an endpoint that fails by them; False: the lane was lost.

        Raises:
            StorageUnavailableError: the database can't be asked; what was sent is sent again.
        """
        written = await self._insisted(lane, endpoint, ends)
        if not written.counts:
            self.measures.lost()
            return False
        for status, count in Counter(end.status for end in ends.ends).items():
            if status is not DeliveryStatus.WAITING:
                self.measures.ended(status.value, count)
        if written.failed:
            self.measures.disabled()
        return True

    async def _insisted(self, lane: Lane, endpoint: Endpoint, ends: LaneEnds) -> Written:
        """Write; a database that is away for a moment is asked again, while the lease lasts.

        Who asks twice writes once: a delivery that ended takes no second end, and one that waits
        on has the same attempt already, which its number tells.
        """
        for turn in range(1, TRIES):
            try:
                return await self._once(lane, endpoint, ends)
            except StorageUnavailableError as error:
                self.measures.failed("ends", error)
                await asyncio.sleep(PAUSE_S * turn)
        return await self._once(lane, endpoint, ends)

    async def _once(self, lane: Lane, endpoint: Endpoint, ends: LaneEnds) -> Written:
        async with self.database.transaction(lane.organization_id) as connection:
            written = await write_ends(connection, lane, ends)
            if written.failed:
                told = _told(endpoint, ends)
                now = self.ids.now()
                organization = lane.organization_id
                record = AuditRecord.of(
                    {**told, "credential": endpoint.id},
                    record_id=self.ids.new("aud"),
                    principal_id=endpoint.created_by,
                    kind=DISABLED,
                    project_id=endpoint.project_id,
                )
                event = Event(
                    id=self.ids.new("evt"),
                    type=DISABLED,
                    document=canonical_text(told),
                    project_id=endpoint.project_id,
                )
                await records.add_audit_record(
                    connection, record, organization_id=organization, now=now
                )
                await records.add_event(connection, event, organization_id=organization, now=now)
        return written


def _told(endpoint: Endpoint, ends: LaneEnds) -> JsonObject:
    since = ends.health.failing_since
    return {
        "endpoint": endpoint.id,
        "name": endpoint.name,
        "status": EndpointStatus.FAILED.value,
        "reason": ends.failed,
        "failing_since": None if since is None else spelled_instant(since),
    }
