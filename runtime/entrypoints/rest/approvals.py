"""Vote on plans that wait for approval, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.approval_request import ApprovalStatus, VoteKind
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.plans import PlanIn
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import NameText
from runtime.services.approvals.approvals import Listed
from runtime.services.approvals.documents import listed_document, voted_document
from runtime.services.approvals.rights import Ballot

router = APIRouter(
    prefix="/v1/projects/{project_id}/approvals",
    tags=["approvals"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BallotIn(_Wire):
    """Vote on a plan.

    Attributes:
        plan_digest: of the plan that you saw; a vote for another one is refused.
    """

    plan_digest: Annotated[str, Field(max_length=100)]
    reason: NameText


class NeedOut(_Wire):
    """Ask for as many people of a role; null for those who administer the project."""

    count: int
    role: str | None


class VoteOut(_Wire):
    """Say what one person said."""

    member: str
    kind: VoteKind
    reason: str
    cast_at: datetime


class ApprovalOut(_Wire):
    """Describe a request that others approve a plan.

    Attributes:
        plan: as it was prepared; what rules hide is hidden here too.
        outcome: what was refused for lack of this approval.
        used_by: the outcome of the one execution that it was good for.
    """

    id: str
    project: str
    status: ApprovalStatus
    requester: str
    plan_digest: str
    plan: PlanIn
    policy_revision: str
    state_version: int
    needs: tuple[NeedOut, ...]
    outcome: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    used_by: str | None


class ListedApprovalOut(ApprovalOut):
    """Describe a request as one of many.

    Attributes:
        grants: how many said yes; whether that is enough, the status says.
        overriders: how many put the approval of others aside of late; it takes two.
    """

    grants: int
    overriders: int


class OverrideOut(_Wire):
    """Say who put the approval of others aside."""

    member: str
    reason: str
    cast_at: datetime


class VotedApprovalOut(ApprovalOut):
    """Describe a request with the votes on it.

    Attributes:
        overrides: who put the approval of others aside; it takes two.
        overridden_until: until when the plan needs nobody else's yes; null where two did not.
    """

    votes: tuple[VoteOut, ...]
    overrides: tuple[OverrideOut, ...]
    overridden_until: datetime | None


@router.get("")
async def list_approvals(
    project_id: str,
    context: Reading,
    services: ServicesOf,
    page: Paging,
    status: Annotated[
        ApprovalStatus | None, Query(description="Only those of which this became")
    ] = None,
) -> PageOut[ListedApprovalOut]:
    """Return the requests of a project, the oldest first, with how many said what to each."""
    found = await services.approvals.after(
        context, project_id, page.after_text, limit=page.limit + 1, status=status
    )
    return paged(found, page, key_of=lambda item: item.approval.id, shown=_listed)


@router.post("/{approval_id}:grant", response_model=VotedApprovalOut)
async def grant_approval(
    project_id: str, approval_id: str, body: BallotIn, context: Writing, services: ServicesOf
) -> Response:
    """Say yes to a plan that somebody else wants to execute."""
    return answered(
        await services.approvals.grant(context, project_id, approval_id, ballot=_ballot(body))
    )


@router.post("/{approval_id}:deny", response_model=VotedApprovalOut)
async def deny_approval(
    project_id: str, approval_id: str, body: BallotIn, context: Writing, services: ServicesOf
) -> Response:
    """Say no to a plan; one no ends the request."""
    return answered(
        await services.approvals.deny(context, project_id, approval_id, ballot=_ballot(body))
    )


@router.post("/{approval_id}:override", response_model=VotedApprovalOut)
async def override_approval(
    project_id: str, approval_id: str, body: BallotIn, context: Writing, services: ServicesOf
) -> Response:
    """Put the approval of others aside, in an emergency; it takes two who administer the project.

    For 15 minutes from the second call on, the plan can be executed once.
    """
    return answered(
        await services.approvals.override(context, project_id, approval_id, ballot=_ballot(body))
    )


@router.post("/{approval_id}:withdraw", response_model=VotedApprovalOut)
async def withdraw_approval(
    project_id: str, approval_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Take your own request back."""
    return answered(await services.approvals.withdraw(context, project_id, approval_id))


@router.get("/{approval_id}")
async def read_approval(
    project_id: str, approval_id: str, context: Reading, services: ServicesOf
) -> VotedApprovalOut:
    """Return a request with the votes on it."""
    found = await services.approvals.read(context, project_id, approval_id)
    document = voted_document(found.approval, found.votes, overrides=found.overrides, now=found.now)
    return VotedApprovalOut.model_validate(document)


def _listed(item: Listed) -> ListedApprovalOut:
    document = listed_document(item.approval, tally=item.tally, now=item.now)
    return ListedApprovalOut.model_validate(document)


def _ballot(body: BallotIn) -> Ballot:
    return Ballot(plan_digest=body.plan_digest, reason=body.reason)
