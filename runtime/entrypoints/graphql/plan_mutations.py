"""Simulate and execute plans, go back to earlier states, and vote on what waits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import strawberry

from runtime.entrypoints.graphql.call import Info, named
from runtime.entrypoints.graphql.fields import mutation
from runtime.entrypoints.graphql.history import (
    Outcome,
    Reversion,
    outcome_told,
    reversion_told,
)
from runtime.entrypoints.graphql.inputs import PlanInput, name_of, plan_of, text_of, unfit
from runtime.entrypoints.graphql.scalars import Whole
from runtime.entrypoints.graphql.work import Approval, approval_told
from runtime.services.approvals.approvals import Approvals
from runtime.services.approvals.rights import Ballot
from runtime.services.context import Context
from runtime.services.execution.plans import PlanRequest
from runtime.services.unit_of_work import Answer


@strawberry.type
class PlanMutations:
    """Change states by plans."""

    @mutation(description="The outcome that executing the plan now would have.")
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
        asked = _request(plan, confirm, approval, expects=expects, atomic=atomic)
        executed = await info.context.ask(
            named(info),
            lambda services, context: services.plans.simulate(context, project, asked=asked),
        )
        return outcome_told(executed.document)

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
        idempotency_key: str | None = None,
    ) -> Outcome | None:
        """Return what came of a plan."""
        asked = _request(plan, confirm, approval, expects=expects, atomic=atomic)
        executed = await info.context.change(
            named(info),
            lambda services, context: services.plans.execute(context, project, asked=asked),
            key=idempotency_key,
            arguments={
                "project": project,
                "plan": asked.plan.document(),
                "confirm": confirm,
                "approval": approval,
                "expects": expects,
                "atomic": atomic,
            },
        )
        return outcome_told(executed.document)

    @mutation(description="Make the state of an earlier version the newest version.")
    async def revert_state(
        self,
        info: Info,
        project: strawberry.ID,
        version: Whole,
        *,
        expects: Whole | None = None,
        idempotency_key: str | None = None,
    ) -> Reversion | None:
        """Return what the reversion did; nothing of the history goes."""
        if version < 0:
            raise unfit("version", f"it is {version}, expected 0 or more")
        executed = await info.context.change(
            named(info),
            lambda services, context: services.states.revert(
                context, project, version=version, expects=expects
            ),
            key=idempotency_key,
            arguments={"project": project, "version": version, "expects": expects},
        )
        return reversion_told(executed.document)

    @mutation(description="Say yes to a plan that somebody else wants to execute.")
    async def grant_approval(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # its name on the wire
        *,
        plan_digest: str,
        reason: str,
        idempotency_key: str | None = None,
    ) -> Approval | None:
        """Vote on the plan of the digest."""
        return await _voted(
            info, Approvals.grant, project=project, approval=id,
            plan_digest=plan_digest, reason=reason, key=idempotency_key,
        )  # fmt: skip

    @mutation(description="Say no to a plan; one no ends the request.")
    async def deny_approval(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        plan_digest: str,
        reason: str,
        idempotency_key: str | None = None,
    ) -> Approval | None:
        """Vote on the plan of the digest."""
        return await _voted(
            info, Approvals.deny, project=project, approval=id,
            plan_digest=plan_digest, reason=reason, key=idempotency_key,
        )  # fmt: skip

    @mutation(description="Put the approval of others aside; it takes two.")
    async def override_approval(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        plan_digest: str,
        reason: str,
        idempotency_key: str | None = None,
    ) -> Approval | None:
        """Call an emergency about the plan of the digest."""
        return await _voted(
            info, Approvals.override, project=project, approval=id,
            plan_digest=plan_digest, reason=reason, key=idempotency_key,
        )  # fmt: skip

    @mutation(description="Take your own request back.")
    async def withdraw_approval(
        self,
        info: Info,
        project: strawberry.ID,
        id: strawberry.ID,  # noqa: A002  # as above
        *,
        idempotency_key: str | None = None,
    ) -> Approval | None:
        """End the request."""
        answer = await info.context.change(
            named(info),
            lambda services, context: services.approvals.withdraw(context, project, id),
            key=idempotency_key,
            arguments={"project": project, "id": id},
        )
        return approval_told(answer.document)


def _request(
    plan: PlanInput,
    confirm: str | None,
    approval: str | None,
    *,
    expects: int | None,
    atomic: bool,
) -> PlanRequest:
    if expects is not None and expects < 0:
        raise unfit("expects", f"it is {expects}, expected 0 or more")
    return PlanRequest(
        plan=plan_of(plan),
        confirms=text_of(confirm, argument="confirm"),
        approval=text_of(approval, argument="approval"),
        expects=expects,
        atomic=atomic,
    )


async def _voted(
    info: Info,
    vote: Callable[..., Awaitable[Answer]],
    *,
    project: str,
    approval: str,
    plan_digest: str,
    reason: str,
    key: str | None,
) -> Approval:
    text_of(plan_digest, argument="planDigest")
    ballot = Ballot(plan_digest=plan_digest, reason=name_of(reason, argument="reason"))

    async def cast(services: Any, context: Context) -> Answer:  # noqa: ANN401  # the platform
        return await vote(services.approvals, context, project, approval, ballot=ballot)

    answer = await info.context.change(
        named(info),
        cast,
        key=key,
        arguments={
            "project": project,
            "id": approval,
            "plan_digest": plan_digest,
            "reason": ballot.reason,
        },
    )
    return approval_told(answer.document)
