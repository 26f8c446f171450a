"""Simulate and execute plans, go back to earlier states, and vote on what waits."""

from __future__ import annotations

import strawberry

from runtime.entrypoints.graphql.call import Info, asked, changed, executed
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.history import (
    Outcome,
    Reversion,
    outcome_told,
    reversion_told,
)
from runtime.entrypoints.graphql.inputs import (
    PlanInput,
    expected_of,
    name_of,
    plan_of,
    text_of,
    unfit,
)
from runtime.entrypoints.graphql.scalars import Whole
from runtime.entrypoints.graphql.work import Approval, approval_told
from runtime.services.approvals.rights import Ballot
from runtime.services.execution.plans import PlanRequest


@strawberry.type
class PlanMutations:
    """Change states by plans."""

    @mutation(description="The outcome that executing the plan now would have.", keyed=False)
    async def simulate_plan(
        self,
        info: Info,
        project: strawberry.ID,
        plan: PlanInput,
        *,
        confirm: str | None = None,
        approval: strawberry.ID | None = None,
        expects: Whole | None = None,
        atomic: bool = False,
    ) -> Outcome | None:
        """Return an outcome under whose id nothing is stored."""
        wanted = _request(plan, confirm, approval, expects=expects, atomic=atomic)
        found = await asked(
            info, lambda services, context: services.plans.simulate(context, project, asked=wanted)
        )
        return outcome_told(found.document)

    @mutation(description="Execute a plan; what the engine refuses is an outcome too.")
    async def execute_plan(
        self,
        info: Info,
        project: strawberry.ID,
        plan: PlanInput,
        *,
        confirm: str | None = None,
        approval: strawberry.ID | None = None,
        expects: Whole | None = None,
        atomic: bool = False,
    ) -> Outcome | None:
        """Return what came of a plan."""
        wanted = _request(plan, confirm, approval, expects=expects, atomic=atomic)
        done = await executed(
            info, lambda services, context: services.plans.execute(context, project, asked=wanted)
        )
        return outcome_told(done.document)

    @mutation(description="Make the state of an earlier version the newest version.")
    async def revert_state(
        self,
        info: Info,
        project: strawberry.ID,
        version: Whole,
        *,
        expects: Whole | None = None,
    ) -> Reversion | None:
        """Return what the reversion did; nothing of the history goes."""
        if version < 0:
            raise unfit("version", f"it is {version}, expected 0 or more")
        head = expected_of(expects)
        done = await executed(
            info,
            lambda services, context: services.states.revert(
                context, project, version=version, expects=head
            ),
        )
        return reversion_told(done.document)

    @mutation(description="Say yes to a plan that somebody else wants to execute.")
    async def grant_approval(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        plan_digest: str,
        reason: str,
    ) -> Approval | None:
        """Vote on the plan of the digest."""
        ballot = _ballot(plan_digest, reason)
        return approval_told(
            await changed(
                info,
                lambda services, context: services.approvals.grant(
                    context, project, id, ballot=ballot
                ),
            )
        )

    @mutation(description="Say no to a plan; one no ends the request.")
    async def deny_approval(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        plan_digest: str,
        reason: str,
    ) -> Approval | None:
        """Vote on the plan of the digest."""
        ballot = _ballot(plan_digest, reason)
        return approval_told(
            await changed(
                info,
                lambda services, context: services.approvals.deny(
                    context, project, id, ballot=ballot
                ),
            )
        )

    @mutation(description="Put the approval of others aside; it takes two.")
    async def override_approval(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        plan_digest: str,
        reason: str,
    ) -> Approval | None:
        """Call an emergency about the plan of the digest."""
        ballot = _ballot(plan_digest, reason)
        return approval_told(
            await changed(
                info,
                lambda services, context: services.approvals.override(
                    context, project, id, ballot=ballot
                ),
            )
        )

    @mutation(description="Take your own request back.")
    async def withdraw_approval(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
    ) -> Approval | None:
        """End the request."""
        return approval_told(
            await changed(
                info, lambda services, context: services.approvals.withdraw(context, project, id)
            )
        )


def _ballot(plan_digest: str, reason: str) -> Ballot:
    text_of(plan_digest, argument="planDigest")
    return Ballot(plan_digest=plan_digest, reason=name_of(reason, argument="reason"))


def _request(
    plan: PlanInput,
    confirm: str | None,
    approval: str | None,
    *,
    expects: int | None,
    atomic: bool,
) -> PlanRequest:
    return PlanRequest(
        plan=plan_of(plan),
        confirms=text_of(confirm, argument="confirm"),
        approval=text_of(approval, argument="approval"),
        expects=expected_of(expects),
        atomic=atomic,
    )
