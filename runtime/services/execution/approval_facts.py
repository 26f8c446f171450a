"""Read what executions need to know of approvals: those they name, and those that wait.

Costs nothing where no plan names an approval and no rule asks for one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from runtime.domain.approval_request import APPROVAL_LASTS, APPROVAL_PREFIX, NamedApproval
from runtime.domain.policy import Obligation, ObligationKind, PolicyDecision
from runtime.engine.pipeline import named
from runtime.kit.ids import IdError, parse_id
from runtime.services.execution.changes import Execution
from runtime.services.execution.decisions import Place
from runtime.services.policies.decided_steps import DecidedPlan, DecidedPlans
from runtime.store import approval_votes, approvals
from runtime.store.session import Database

About: TypeAlias = tuple[str, str, str]
"""Plan digest, requester and rules: requests that agree in all of them are one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalFacts:
    """Hold what is known of approvals.

    Attributes:
        named: the approvals that executions name, by the id of the outcome.
        standing: the requests that were made already and not used or withdrawn.
        lasts: how long a request that is made now can be granted and used.
    """

    named: Mapping[str, NamedApproval] = field(default_factory=dict)
    standing: Mapping[About, str] = field(default_factory=dict)
    lasts: timedelta = APPROVAL_LASTS


NO_APPROVALS = ApprovalFacts()


def demanded(decided: DecidedPlan) -> tuple[Obligation, ...]:
    """Return every approval that rules ask for, of any step of a plan."""
    return tuple(
        item
        for decision in decisions_of(decided)
        for item in decision.obligations
        if item.kind is ObligationKind.APPROVE
    )


def decisions_of(decided: DecidedPlan) -> tuple[PolicyDecision, ...]:
    """Return what rules decided, without steps whose action is not known."""
    return tuple(item.decision for item in decided.steps if item is not None)


def revision_of(decided: DecidedPlan) -> str:
    """Return which rules decided of a plan."""
    return next((item.revision for item in decisions_of(decided)), "")


async def gather_approvals(
    database: Database,
    executions: Sequence[Execution],
    place: Place,
    *,
    decided: DecidedPlans,
    lasts: timedelta = APPROVAL_LASTS,
) -> ApprovalFacts:
    """Read what is stored of approvals that matter to executions in one project.

    What is asked for anew can be granted and used for as long as `lasts` says.

    Raises:
        StorageUnavailableError: the database can't be asked.
    """
    wanted = {
        execution.outcome_id: execution.approval
        for execution in executions
        if execution.approval is not None
    }
    digests = _digests(executions, place, decided=decided)
    if not wanted and not digests:
        return NO_APPROVALS
    ids = sorted({item for item in wanted.values() if _readable(item)})
    async with database.transaction(place.organization_id, read_only=True) as connection:
        found = await approvals.approvals_named(connection, project_id=place.project_id, ids=ids)
        votes = await approval_votes.votes_on(connection, found)
        overrides = await approval_votes.overrides_on(connection, found)
        about = await approvals.approvals_about(
            connection, project_id=place.project_id, plan_digests=digests, now=place.now
        )
    return ApprovalFacts(
        named={
            outcome_id: NamedApproval(
                id=item,
                approval=found.get(item),
                votes=votes.get(item, ()),
                overrides=overrides.get(item, ()),
            )
            for outcome_id, item in wanted.items()
        },
        standing={
            (item.plan_digest, item.requester, item.policy_revision): item.id for item in about
        },
        lasts=lasts,
    )


def _digests(executions: Iterable[Execution], place: Place, *, decided: DecidedPlans) -> list[str]:
    """Return the digests, on the newest state, of the plans of which approvals are asked.

    No request is stored about a state that is not.
    """
    digests = set[str]()
    for execution in executions:
        said = decided[execution.outcome_id]
        if demanded(said):
            version = place.head.state.version
            digests.add(named(said.plan, project=place.project_id, state_version=version).digest)
    return sorted(digests)


def _readable(approval_id: str) -> bool:
    try:
        parse_id(approval_id, APPROVAL_PREFIX)
    except IdError:
        return False
    return True
