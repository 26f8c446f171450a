"""Read what is used of the budgets that projects share, of those that executions are charged to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from runtime.domain.shared_limits import SharedLimits
from runtime.domain.shared_use import (
    NOTHING_SHARED,
    Counter,
    Payer,
    SharedUse,
    charges_of,
    periods_of,
)
from runtime.services.execution.changes import Execution
from runtime.services.execution.decisions import Place
from runtime.services.policies.decided_steps import DecidedPlans
from runtime.store.limit_counters import read_counters
from runtime.store.session import Database


async def read_use(
    database: Database, executions: Iterable[Execution], place: Place, *, decided: DecidedPlans
) -> SharedUse:
    """Return what is used by now, as far as it matters to executions in one project.

    Costs nothing where the organization has no budget that they are charged to.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    limits = place.head.shared
    if limits is None:
        return NOTHING_SHARED
    counters = frozenset(_counters(limits, executions, place, decided=decided))
    if not counters:
        return NOTHING_SHARED
    return SharedUse(known=await read_counters(database, place.organization_id, counters))


def _counters(
    limits: SharedLimits,
    executions: Iterable[Execution],
    place: Place,
    *,
    decided: DecidedPlans,
) -> Iterator[Counter]:
    periods = periods_of(limits, place.now)
    for execution in executions:
        payer = Payer(project=place.project_id, principal=execution.principal.id)
        for named in {step.action for step in decided[execution.outcome_id].plan.steps}:
            found = place.registry.find(named)
            if found is not None:
                charges = charges_of(limits, found.action, payer=payer, periods=periods)
                yield from (duty.counter for duty, _ in charges.all)
