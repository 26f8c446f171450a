"""Write an audit record and an event of what happened to a schedule without anybody's request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.record import AuditRecord, Event
from runtime.domain.schedule import Schedule
from runtime.kit.canonical_json import canonical_text
from runtime.kit.json_value import JsonObject, JsonValue
from runtime.services.context import Ids
from runtime.store import records


@dataclass(frozen=True, slots=True, kw_only=True)
class Notes:
    """Hold where and when to write."""

    connection: AsyncConnection
    ids: Ids
    now: datetime

    async def write(self, kind: str, schedule: Schedule, document: Mapping[str, JsonValue]) -> None:
        """Write that something happened to a schedule; its principal is who it happened to."""
        told: JsonObject = {"schedule": schedule.id, **document}
        organization = schedule.organization_id
        record = AuditRecord.of(
            {**told, "credential": schedule.id},
            record_id=self.ids.new("aud"),
            principal_id=schedule.principal_id,
            kind=kind,
            project_id=schedule.project_id,
        )
        await records.add_audit_record(
            self.connection, record, organization_id=organization, now=self.now
        )
        await self._tell(kind, schedule, told)

    async def tell(self, kind: str, schedule: Schedule, document: Mapping[str, JsonValue]) -> None:
        """Tell of what is recorded elsewhere, as the execution of a plan is."""
        await self._tell(kind, schedule, {"schedule": schedule.id, **document})

    async def _tell(self, kind: str, schedule: Schedule, told: JsonObject) -> None:
        event = Event(
            id=self.ids.new("evt"),
            type=kind,
            document=canonical_text(told),
            project_id=schedule.project_id,
        )
        organization = schedule.organization_id
        await records.add_event(self.connection, event, organization_id=organization, now=self.now)
