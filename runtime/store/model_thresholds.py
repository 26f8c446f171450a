"""Tell of thresholds that budgets of models reach, in the commit that charges them.

Whoever charges holds the tallies: what was told of stands in them, so that nobody tells it twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from asyncpg.pool import PoolConnectionProxy

from runtime.domain.model_budget import Measure, Payer, Spend, Tally, bounds_of
from runtime.domain.model_thresholds import ModelCrossing, model_crossings
from runtime.domain.model_use import ModelUse
from runtime.domain.record import Event

_USES: Final = """
select distinct on (scope) scope, document from model_uses
where organization_id = $1 and scope = any($2::text[])
order by scope, number desc
"""
_TOLD: Final[Mapping[Measure, str]] = MappingProxyType(
    {
        Measure.TOKENS: """
update model_tallies set told_tokens = $4, told_tokens_of = $5
where organization_id = $1 and day = $2 and subject = $3
""",
        Measure.COST_MICROS: """
update model_tallies set told_micros = $4, told_micros_of = $5
where organization_id = $1 and day = $2 and subject = $3
""",
    }
)
_EVENT: Final = """
insert into events (organization_id, id, project_id, type, document, created_at)
values ($1, $2, $3, $4, $5, $6)
"""

Connection: TypeAlias = "PoolConnectionProxy[Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Say who is charged, and on which day."""

    organization_id: str
    payer: Payer
    day: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Hold the instant of a charge, and what spells the thresholds that it reaches, in order."""

    now: datetime
    spelled: Callable[[Place, Sequence[ModelCrossing]], Sequence[Event]]


async def tell_of_thresholds(
    connection: Connection,
    place: Place,
    tallies: Mapping[str, Tally],
    *,
    charged: Spend,
    telling: Telling,
) -> None:
    """Store an event for each threshold that is reached, and that it was told of.

    The limits are those that hold now: who waited for the tallies knows what was set meanwhile.

    Args:
        connection: of the transaction that charges.
        place: whose budgets.
        tallies: what was used before, which nobody changes meanwhile.
        charged: how much is used besides.
        telling: what spells events.
    """
    organization, project = place.organization_id, place.payer.project_id
    found = await connection.fetch(_USES, organization, [organization, project])
    uses = {row["scope"]: ModelUse.model_validate_json(row["document"]) for row in found}
    bounds = bounds_of(uses.get(organization), uses.get(project), place.payer)
    crossings = model_crossings(bounds, tallies, charged)
    for crossing, event in zip(crossings, telling.spelled(place, crossings), strict=True):
        bound = crossing.bound
        await connection.execute(
            _TOLD[bound.measure],
            *(organization, place.day, bound.subject, crossing.percent, bound.most),
        )
        await connection.execute(
            _EVENT,
            *(organization, event.id, event.project_id, event.type, event.document, telling.now),
        )
