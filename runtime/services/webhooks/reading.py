"""Read what is to be sent in a lane: the endpoint, what signs, and lines that are due."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.webhook import (
    GIVEN_UP_AFTER,
    Endpoint,
    EndpointSecret,
    EndpointStatus,
    PayloadForm,
)
from runtime.services.webhooks.judging import TOO_OLD, Judging
from runtime.store.webhook_endpoints import find_endpoint
from runtime.store.webhook_lanes import Lane, drop_lane
from runtime.store.webhook_secrets import secrets_of
from runtime.store.webhook_sending import (
    DueDelivery,
    WantedDue,
    due_deliveries,
    give_up_before,
    next_due,
    outcomes_of,
)

MOST_READ: Final = 512
READ_FOR_EACH: Final = 16
"""Deliveries that are read at once for each that may be under way."""
MOST_OF_ENTITY: Final = 32
_PLANS: Final = "plan."
_OUTCOME: Final = "outcome"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneRead:
    """Hold what was found.

    Attributes:
        endpoint: None: there is none that may be sent to.
        lines: each is sent in its order.
        next_due: when the next one is due, or was, if none is given here and none is under way.
        given_up: how many were too old.
        short: there was no more than that.
    """

    endpoint: Endpoint | None
    secrets: Sequence[EndpointSecret] = field(default=())
    lines: Sequence[Sequence[DueDelivery]] = field(default=())
    next_due: datetime | None = None
    given_up: int = 0
    short: bool = True


async def read_lane(
    connection: AsyncConnection,
    lane: Lane,
    *,
    judging: Judging,
    held: Collection[str],
    now: datetime,
) -> LaneRead:
    """Return what is due; what is too old is given up, and where all rest nothing is due.

    Args:
        connection: of the transaction of the lane's organization.
        lane: whose.
        judging: how the endpoint is; it takes over what is stored, if nothing is under way.
        held: ids and entities that are under way.
        now: the instant.
    """
    endpoint = await find_endpoint(connection, lane.endpoint_id)
    if endpoint is None:  # it went with its project
        await drop_lane(connection, lane.organization_id, lane.endpoint_id)
        return LaneRead(endpoint=None)
    if endpoint.status is not EndpointStatus.ENABLED:
        return LaneRead(endpoint=None)
    if not held:
        judging.adopt(endpoint)
    given_up = 0
    if judging.looks_for_old(now):
        before = now - GIVEN_UP_AFTER
        given_up = await give_up_before(connection, lane, before=before, at=now, reason=TOO_OLD)
    lines: Sequence[Sequence[DueDelivery]] = ()
    wanted = _wanted(endpoint, judging, held=held, now=now)
    if not judging.rests(now):
        lines = await due_deliveries(connection, lane, wanted)
    if endpoint.form is PayloadForm.FULL:
        lines = await _with_outcomes(connection, lane, lines)
    return LaneRead(
        endpoint=endpoint,
        secrets=await secrets_of(connection, endpoint.id),
        lines=lines,
        next_due=None
        if lines or held
        else await next_due(connection, lane, ordered=endpoint.ordered),
        given_up=given_up,
        short=len(lines) < wanted.most and not endpoint.ordered,
    )


def _wanted(
    endpoint: Endpoint, judging: Judging, *, held: Collection[str], now: datetime
) -> WantedDue:
    probes = judging.health.open
    return WantedDue(
        at=now,
        ordered=endpoint.ordered,
        most=1 if probes else min(MOST_READ, READ_FOR_EACH * endpoint.at_once),
        each=1 if probes else MOST_OF_ENTITY,
        held=held,
    )


async def _with_outcomes(
    connection: AsyncConnection, lane: Lane, lines: Sequence[Sequence[DueDelivery]]
) -> Sequence[Sequence[DueDelivery]]:
    """Return lines whose events of plans have the documents of their outcomes."""
    named = {
        item.delivery.id: place
        for line in lines
        for item in line
        if (place := _outcome_of(item)) is not None
    }
    if not named:
        return lines
    documents = await outcomes_of(connection, lane.organization_id, set(named.values()))
    return [[_with(item, named=named, documents=documents) for item in line] for line in lines]


def _outcome_of(due: DueDelivery) -> tuple[str, str] | None:
    """Return the project and the id of the outcome that an event of a plan names."""
    event = due.event
    if event is None or event.project_id is None or not event.type.startswith(_PLANS):
        return None
    outcome = orjson.loads(event.document).get(_OUTCOME)
    return (event.project_id, outcome) if isinstance(outcome, str) else None


def _with(
    due: DueDelivery, *, named: dict[str, tuple[str, str]], documents: dict[str, str]
) -> DueDelivery:
    place = named.get(due.delivery.id)
    if place is None or due.event is None:
        return due
    return replace(due, event=replace(due.event, outcome=documents.get(place[1])))
