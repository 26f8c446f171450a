"""Read by which passed gates plans may run, where rules ask for one.

Costs nothing where no rule does. Whoever proposed a plan is told by who brings it: a turn names its
model and prompt, a caller names a gate; the registry is always the one that the project has now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from runtime.domain.policy import ObligationKind
from runtime.engine.facts import NO_GATE, GateFact
from runtime.services.execution.approval_facts import decisions_of
from runtime.services.execution.changes import Execution, Proposer
from runtime.services.execution.decisions import Place
from runtime.services.policies.decided_steps import DecidedPlan, DecidedPlans
from runtime.store.gates import find_gate, newest_gate
from runtime.store.session import Database

GateFacts: TypeAlias = Mapping[str, GateFact]
"""What is known of gates, by the id of the outcome; what is not there has none."""
NO_GATES: Final[GateFacts] = MappingProxyType({})


async def gather_gates(
    database: Database,
    executions: Sequence[Execution],
    place: Place,
    *,
    decided: DecidedPlans,
) -> GateFacts:
    """Read the gates of executions of which rules demand one.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    wanted = [item for item in executions if _demanded(decided[item.outcome_id])]
    if not wanted:
        return NO_GATES
    registry = place.registry.registry.digest
    async with database.transaction(place.organization_id, read_only=True) as connection:
        return {
            item.outcome_id: await _fact(connection, item, registry=registry, now=place.now)
            for item in wanted
        }


def _demanded(decided: DecidedPlan) -> bool:
    return any(
        item.kind is ObligationKind.EVAL_GATE
        for decision in decisions_of(decided)
        for item in decision.obligations
    )


async def _fact(
    connection: AsyncConnection, execution: Execution, *, registry: str, now: datetime
) -> GateFact:
    """Return the gate that holds of a plan, or why none does."""
    proposer = execution.proposer
    if proposer is None and execution.gate is not None:
        named = await find_gate(connection, execution.gate)
        if named is None:
            return GateFact(ungated="there is no gate of the id that the request names")
        if named.gate.registry != registry:
            return GateFact(ungated=f"gate {named.gate.id} is of another registry")
        proposer = Proposer(model=named.gate.identity, prompt=named.gate.prompt)
    if proposer is None:
        return NO_GATE
    newest = await newest_gate(
        connection, identity=proposer.model, prompt=proposer.prompt, registry=registry
    )
    if newest is None:
        return GateFact(ungated=f"no gate is known for {proposer.model} with this registry")
    if not newest.holds(now):
        return GateFact(ungated=f"gate {newest.id} did not pass, or is too old by now")
    return GateFact(passed=newest.id)
