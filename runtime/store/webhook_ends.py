"""Write what came of attempts at deliveries, under the fence of who holds the lane."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.webhook import DeliveryAttempt, DeliveryStatus, EndpointStatus
from runtime.domain.webhook_verdict import Health
from runtime.store.webhook_lanes import Lane

_ENDS: Final = text("""
with lane as (
  update webhook_lanes set rests_until = :rests_until
  where tenant = :organization and endpoint_id = :endpoint and fence = :fence
    and leased_by is not null
  returning tenant
), given as (
  select * from unnest(cast(:ids as text[]), cast(:numbers as bigint[]),
    cast(:ats as timestamptz[]), cast(:codes as bigint[]), cast(:tooks as bigint[]),
    cast(:errors as text[]), cast(:bodies as text[]), cast(:requests as text[]),
    cast(:statuses as text[]), cast(:dues as timestamptz[]), cast(:endeds as timestamptz[]),
    cast(:reasons as text[]))
  as given (id, number, at, code, took, error, body, request, status, due_at, ended_at, reason)
), ended as (
  update webhook_deliveries as d set status = given.status, attempts = given.number,
    due_at = given.due_at, ended_at = given.ended_at, reason = given.reason
  from given, lane
  where d.organization_id = :organization and d.id = given.id and d.status = 'waiting'
    and d.attempts < given.number
  returning d.id
), tried as (
  insert into webhook_attempts
    (organization_id, delivery_id, number, at, status_code, took_ms, error, body, request_id)
  select :organization, given.id, given.number, given.at, given.code, given.took, given.error,
    given.body, given.request
  from given join ended using (id)
  on conflict do nothing
), health as (
  update webhook_endpoints set failures = :failures, failing_since = :failing_since,
    status = coalesce(cast(:status as text), status),
    status_reason = coalesce(cast(:status_reason as text), status_reason)
  from lane
  where organization_id = :organization and id = :endpoint and status = 'enabled'
    and (failures <> :failures or failing_since is distinct from :failing_since
      or cast(:status as text) is not null)
  returning status
)
select (select count(*) from lane) as lanes, (select count(*) from ended) as ended,
  (select count(*) from health where status = 'failed') as failed
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryEnd:
    """Say what came of an attempt.

    Attributes:
        status: of the delivery from now on.
        due_at: when it is tried again, if it waits.
    """

    attempt: DeliveryAttempt
    status: DeliveryStatus
    due_at: datetime
    ended_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneEnds:
    """Hold what is written at once of a lane.

    Attributes:
        health: of the endpoint, after all of them.
        rests_until: before when nobody sends to it; None: it may be sent to.
        failed: why nobody sends to it any more; None: it stays as it is.
    """

    ends: Sequence[DeliveryEnd]
    health: Health
    rests_until: datetime | None = None
    failed: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Say what became of ends.

    Attributes:
        counts: the lane was still held; else nothing was written.
        ended: how many deliveries took their end; those that are gone take none.
        failed: the endpoint has failed with this.
    """

    counts: bool
    ended: int
    failed: bool


async def write_ends(connection: AsyncConnection, lane: Lane, ends: LaneEnds) -> Written:
    """Write what came of attempts, and how the endpoint is; nothing, if the lane is another's."""
    status = None if ends.failed is None else EndpointStatus.FAILED.value
    values = {
        "organization": lane.organization_id,
        "endpoint": lane.endpoint_id,
        "fence": lane.fence,
        "rests_until": ends.rests_until,
        "failures": ends.health.failures,
        "failing_since": ends.health.failing_since,
        "status": status,
        "status_reason": ends.failed,
        **_columns(ends.ends),
    }
    row = (await connection.execute(_ENDS, values)).one()
    return Written(counts=row.lanes == 1, ended=row.ended, failed=row.failed == 1)


def _columns(ends: Sequence[DeliveryEnd]) -> dict[str, list[Any]]:
    return {
        "ids": [end.attempt.delivery_id for end in ends],
        "numbers": [end.attempt.number for end in ends],
        "ats": [end.attempt.at for end in ends],
        "codes": [end.attempt.status_code for end in ends],
        "tooks": [end.attempt.took_ms for end in ends],
        "errors": [end.attempt.error for end in ends],
        "bodies": [end.attempt.body for end in ends],
        "requests": [end.attempt.request_id for end in ends],
        "statuses": [end.status.value for end in ends],
        "dues": [end.due_at for end in ends],
        "endeds": [end.ended_at for end in ends],
        "reasons": [end.reason for end in ends],
    }
