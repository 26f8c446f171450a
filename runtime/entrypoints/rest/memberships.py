"""Say what members may do in a project."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from runtime.domain.member import Membership, ProjectRole
from runtime.domain.principal import Mode
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import MOST_EXTRA_ROLES, RoleText
from runtime.services.documents import membership_document
from runtime.services.tenancy.memberships import Grant

router = APIRouter(
    prefix="/v1/projects/{project_id}/members",
    tags=["memberships"],
    route_class=PlatformRoute,
    responses=PROBLEMS,
)


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MembershipIn(_Wire):
    """Say what a member may do in the project, in full: what is left out is taken away.

    `extra_roles` are those that actions of the environment name; `mode` is how much one plan of
    theirs may do, and only owners of the organization give `autonomous`.
    """

    role: ProjectRole
    extra_roles: Annotated[tuple[RoleText, ...], Field(max_length=MOST_EXTRA_ROLES)] = ()
    mode: Mode = Mode.ASSISTED


class MembershipOut(_Wire):
    """Describe what a member may do in a project."""

    project: str
    member: str
    role: ProjectRole
    extra_roles: tuple[str, ...]
    mode: Mode
    created_at: datetime


@router.get("")
async def list_memberships(
    project_id: str, context: Reading, services: ServicesOf, page: Paging
) -> PageOut[MembershipOut]:
    """Return who has a role in a project; owners of the organization need none."""
    found = await services.memberships.after(
        context, page.after_text, project_id=project_id, limit=page.limit + 1
    )
    return paged(found, page, key_of=lambda item: item.member_id, shown=_out)


@router.put("/{member_id}", response_model=MembershipOut)
async def put_membership(
    project_id: str, member_id: str, body: MembershipIn, context: Writing, services: ServicesOf
) -> Response:
    """Let a member be in a project what the body says, whatever they were before."""
    grant = Grant(role=body.role, extra_roles=body.extra_roles, mode=body.mode)
    return answered(
        await services.memberships.put(context, project_id, member_id=member_id, grant=grant)
    )


@router.delete("/{member_id}", response_model=MembershipOut)
async def delete_membership(
    project_id: str, member_id: str, context: Writing, services: ServicesOf
) -> Response:
    """Take a member's role in a project away, and return what it was."""
    return answered(await services.memberships.withdraw(context, project_id, member_id=member_id))


def _out(membership: Membership) -> MembershipOut:
    return MembershipOut.model_validate(membership_document(membership))
