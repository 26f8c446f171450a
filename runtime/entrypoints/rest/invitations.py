"""Invite people to an organization or to a project in it."""

from __future__ import annotations

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Self

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from runtime.domain.member import Invitation, ProjectRole
from runtime.domain.organization import OrganizationRole
from runtime.entrypoints.rest.context import Reading, ServicesOf, Writing, answered
from runtime.entrypoints.rest.paging import PageOut, Paging, paged
from runtime.entrypoints.rest.problems import PROBLEMS
from runtime.entrypoints.rest.route import PlatformRoute
from runtime.entrypoints.rest.texts import MOST_ID_TEXT, EmailText
from runtime.services.documents import invitation_document
from runtime.services.invitations import Offer

router = APIRouter(
    prefix="/v1/invitations", tags=["invitations"], route_class=PlatformRoute, responses=PROBLEMS
)

LEAST_LIFE_S: Final = 60
MOST_LIFE_S: Final = 30 * 24 * 3600
USUAL_LIFE_S: Final = 7 * 24 * 3600

IdText = Annotated[str, Field(max_length=MOST_ID_TEXT)]


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InvitationIn(_Wire):
    """Say who is invited as what; `project_id` and `role` come together.

    Owners invite to anything, admins of a project to that project, as members.
    """

    email: EmailText
    organization_role: OrganizationRole = OrganizationRole.MEMBER
    project_id: IdText | None = None
    role: ProjectRole | None = None
    expires_in_s: Annotated[int, Field(ge=LEAST_LIFE_S, le=MOST_LIFE_S)] = USUAL_LIFE_S

    @model_validator(mode="after")
    def _project_has_role(self) -> Self:
        if (self.project_id is None) != (self.role is None):
            raise ValueError("project_id and role come together: send both or none")
        return self


class InvitationOut(_Wire):
    """Describe an invitation; its text is told once, to whoever makes it."""

    id: str
    email: str
    organization_role: OrganizationRole
    project: str | None
    role: ProjectRole | None
    created_at: datetime
    created_by: str
    expires_at: datetime
    accepted_at: datetime | None
    revoked_at: datetime | None


class NewInvitationOut(InvitationOut):
    """Describe a new invitation; `text` is null where a request is repeated."""

    text: str | None


@router.post("", status_code=HTTPStatus.CREATED, response_model=NewInvitationOut)
async def create_invitation(body: InvitationIn, context: Writing, services: ServicesOf) -> Response:
    """Invite somebody; the text in the answer is for you to hand on, and is shown this once."""
    offer = Offer(
        email=body.email,
        organization_role=body.organization_role,
        project_id=body.project_id,
        role=body.role,
        life=timedelta(seconds=body.expires_in_s),
    )
    return answered(await services.invitations.create(context, offer=offer))


@router.get("")
async def list_invitations(
    context: Reading,
    services: ServicesOf,
    page: Paging,
    project_id: Annotated[
        str | None, Query(max_length=MOST_ID_TEXT, description="Only those to this project")
    ] = None,
) -> PageOut[InvitationOut]:
    """Return invitations, whatever became of them; admins of a project name it."""
    found = await services.invitations.after(
        context, page.after_text, limit=page.limit + 1, project_id=project_id
    )
    return paged(found, page, key_of=lambda item: item.id, shown=_out)


@router.post("/{invitation_id}:revoke", response_model=InvitationOut)
async def revoke_invitation(invitation_id: str, context: Writing, services: ServicesOf) -> Response:
    """Take an invitation back that was not accepted yet."""
    return answered(await services.invitations.revoke(context, invitation_id))


def _out(invitation: Invitation) -> InvitationOut:
    return InvitationOut.model_validate(invitation_document(invitation))
